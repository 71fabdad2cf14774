//! The file: who may use it, what is left in it, and what becomes of one that is not as it was left.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use steadfast_cache::{CacheError, OpenError};

use super::{Place, Told, key};

/// Changes the file behind the cache's back.
pub(super) fn damage(path: &Path, statement: &str) {
    Connection::open(path).unwrap().execute_batch(statement).unwrap();
}

#[cfg(unix)]
mod modes {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_file_and_its_folders_are_for_their_owner_alone() {
        let place = Place::new();
        let path = place.folder.path().join("a/b/answers.sqlite");
        let cache = steadfast_cache::DiskCache::builder(&path).open().unwrap();
        cache.put_blocking(key(1), &place.entry("x")).unwrap();
        assert_eq!(mode(&place.folder.path().join("a")), 0o700);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        let files: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(files.len() > 1, "{files:?}");
        for file in files {
            assert_eq!(mode(&file), 0o600, "{file:?}");
        }
    }

    #[test]
    fn a_file_that_others_may_use_is_closed_to_them() {
        let place = Place::new();
        place.open().put_blocking(key(1), &place.entry("x")).unwrap();
        for open in [0o644, 0o660, 0o602] {
            fs::set_permissions(place.path(), fs::Permissions::from_mode(open)).unwrap();
            assert!(place.open().get_blocking(&key(1)).unwrap().is_some());
            assert_eq!(mode(&place.path()), 0o600);
        }
    }
}

#[test]
fn what_is_not_a_file_is_refused() {
    let place = Place::new();
    fs::create_dir(place.path()).unwrap();
    assert!(matches!(place.builder().open(), Err(OpenError::NotAFile { .. })));
    fs::remove_dir(place.path()).unwrap();
    fs::write(place.folder.path().join("file"), "").unwrap();
    let below = steadfast_cache::DiskCache::builder(place.folder.path().join("file/answers.sqlite"));
    assert!(matches!(below.open(), Err(OpenError::Io { .. })));
}

#[test]
fn what_was_let_go_is_overwritten() {
    let place = Place::new();
    let cache = place.open();
    let canary = b"canary-4f1d9c";
    let in_file = || fs::read(place.path()).unwrap().windows(canary.len()).any(|bytes| bytes == canary);
    cache.put_blocking(key(1), &place.entry("canary-4f1d9c")).unwrap();
    drop(cache);
    assert!(in_file());
    place.open().remove_blocking(&key(1)).unwrap();
    assert!(!in_file());
}

#[test]
fn a_corrupt_file_is_set_aside_and_told() {
    let place = Place::new();
    let told = Told::default();
    fs::write(place.path(), "no database at all, and long enough to have a header of a hundred bytes ".repeat(9))
        .unwrap();
    let cache = told.listen(place.builder()).open().unwrap();
    assert!(cache.put_blocking(key(1), &place.entry("x")).unwrap());
    assert!(cache.get_blocking(&key(1)).unwrap().is_some());
    let aside = place.folder.path().join("answers.sqlite.corrupt");
    assert!(fs::read(&aside).unwrap().starts_with(b"no database"));
    let line = format!("the cache was corrupt and is begun anew; the old file is {}", aside.display());
    assert_eq!(told.all(), [line]);
}

#[test]
fn a_file_that_turns_out_to_be_corrupt_is_begun_anew() {
    let place = Place::new();
    let told = Told::default();
    let cache = place.open();
    for number in 0..200 {
        cache.put_blocking(key(number), &place.entry("some answer")).unwrap();
    }
    drop(cache);
    let mut bytes = fs::read(place.path()).unwrap();
    // The header and the list of tables stay; every other page is noise.
    bytes[8192..].iter_mut().enumerate().for_each(|(at, byte)| *byte = (at % 251).to_le_bytes()[0]);
    fs::write(place.path(), bytes).unwrap();
    let cache = told.listen(place.builder()).open().unwrap();
    assert!(matches!(cache.get_blocking(&key(1)), Err(CacheError::Corrupt(_))));
    assert_eq!(told.all().len(), 1);
    assert_eq!(cache.get_blocking(&key(1)).unwrap(), None);
    assert!(cache.put_blocking(key(1), &place.entry("x")).unwrap());
    assert!(cache.get_blocking(&key(1)).unwrap().is_some());
}

#[test]
fn an_entry_that_is_not_what_was_put_is_never_served() {
    for change in [
        "UPDATE bodies SET body = CAST('another' AS BLOB)",
        "UPDATE bodies SET notes = x''",
        "UPDATE entries SET expires_at = expires_at - 1",
        "UPDATE entries SET put_at = put_at - 1",
        "UPDATE entries SET stored_at = stored_at + 1",
        "UPDATE entries SET fresh = 5, stale = 5",
        "UPDATE entries SET negative = 1",
        "UPDATE entries SET tokens = 5",
        "UPDATE entries SET key = zeroblob(32)",
        "UPDATE entries SET sum = zeroblob(32)",
    ] {
        let place = Place::new();
        let cache = place.open();
        cache.put_blocking(key(0), &place.entry("gone")).unwrap();
        cache.remove_blocking(&key(0)).unwrap();
        cache.put_blocking(key(1), &place.entry("an answer").with_note("n", "x")).unwrap();
        damage(&place.path(), change);
        let found = [0, 1].map(|number| cache.get_blocking(&key(number)));
        assert!(found.iter().any(|found| matches!(found, Err(CacheError::Corrupt(_)))), "{change}: {found:?}");
        assert!(!found.iter().any(|found| matches!(found, Ok(Some(_)))), "{change}: {found:?}");
        assert_eq!(cache.len_blocking().unwrap(), 0, "{change}");
    }
}

#[test]
fn another_schema_version_is_set_aside_and_told() {
    for version in [0, 2, 77] {
        let place = Place::new();
        place.open().put_blocking(key(1), &place.entry("x")).unwrap();
        damage(&place.path(), &format!("PRAGMA user_version = {version}"));
        let told = Told::default();
        let cache = told.listen(place.builder()).open().unwrap();
        assert_eq!(cache.get_blocking(&key(1)).unwrap(), None);
        let aside = place.folder.path().join(format!("answers.sqlite.v{version}"));
        assert!(aside.exists());
        assert!(told.all()[0].starts_with(&format!("the cache had schema version {version} and is begun anew")));
    }
}

#[test]
fn a_database_of_something_else_is_left_alone() {
    for statement in ["CREATE TABLE mine (x)", "PRAGMA application_id = 5", "PRAGMA user_version = 1"] {
        let place = Place::new();
        damage(&place.path(), statement);
        let before = fs::read(place.path()).unwrap();
        match place.builder().open() {
            Err(OpenError::Foreign { path, .. }) => assert_eq!(path, place.path()),
            other => panic!("{statement}: {other:?}"),
        }
        assert_eq!(fs::read(place.path()).unwrap(), before, "{statement}");
        assert_eq!(fs::read_dir(place.folder.path()).unwrap().count(), 1, "{statement}");
    }
}

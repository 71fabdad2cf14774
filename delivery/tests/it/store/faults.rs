//! What goes wrong with a store's file: told in one line with the path, and it costs no more than it must.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use steadfast_delivery::DeviceState::{Pending, Pushing, Succeeded};
use steadfast_delivery::{Command, Error, ErrorKind, Place, SqliteStore, Store};

use super::kit::{NOW, Pen, TTL, driven, holder, new, scratch};

fn path(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("rollouts.db")
}

/// The kind, and the text without the path that it must begin with.
fn told<T: std::fmt::Debug>(result: Result<T, Error>, path: &Path) -> (ErrorKind, String) {
    let error = result.unwrap_err();
    let text = error.to_string();
    assert!(!text.contains('\n'), "{text}");
    let path = path.display().to_string();
    assert!(text.contains(&path), "{text}");
    (error.kind(), text.replace(&path, "FILE"))
}

fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

/// A store with a rollout of 200 devices, closed.
async fn filled(path: &Path) {
    let store = SqliteStore::open(path).await.unwrap();
    driven(&store, "r1", 200).await;
    store.close().await;
}

#[tokio::test]
async fn a_full_disk_costs_what_does_not_fit() {
    let folder = scratch();
    let path = path(&folder);
    let store = SqliteStore::builder(&path).max_bytes(256 << 10).open().await.unwrap();
    let lease = driven(&store, "r1", 200).await;
    let mut pen = Pen::new(200);
    let mut kept = 0;
    let refused = loop {
        let places = 0..200;
        let there: Vec<_> = places.clone().map(|place| pen.moved(place, Pending, Pushing)).collect();
        let back = places.map(|place| pen.moved(place, Pushing, Pending));
        match store.commit(&lease, there.into_iter().chain(back).collect()).await {
            Ok(()) => kept = pen.seq,
            refused => break refused,
        }
    };
    let text = "FILE cannot grow, the disk is full or its limit reached: make room, then go on";
    assert_eq!(told(refused, &path), (ErrorKind::Store, text.into()));
    assert!(kept > 0);
    let record = store.rollout("r1").await.unwrap().unwrap();
    assert_eq!((record.last_seq, record.status.pending), (kept, 200), "nothing of the last batch is there");
    // What needs no room goes on, and with room everything does.
    store.renew(&lease, NOW + 1, TTL).await.unwrap();
    store.close().await;
    let store = SqliteStore::open(&path).await.unwrap();
    pen.seq = kept;
    store.commit(&lease, vec![pen.moved(0, Pending, Pushing)]).await.unwrap();
}

#[tokio::test]
async fn whoever_waits_together_fails_alone() {
    let folder = scratch();
    let path = path(&folder);
    let store = SqliteStore::builder(&path).max_bytes(256 << 10).open().await.unwrap();
    let lease = driven(&store, "r1", 2).await;
    let mut pen = Pen::new(2);
    // Nobody is let write for a while, so that those that come meanwhile wait together.
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let wrong = vec![Pen::new(2).moved(1, Pushing, Succeeded)];
    let (first, second) = (vec![pen.moved(0, Pending, Pushing)], vec![pen.moved(0, Pushing, Succeeded)]);
    let released = async move {
        tokio::task::yield_now().await;
        other.execute_batch("COMMIT").unwrap();
    };
    let (first, wrong, large, second, sent, ()) = tokio::join!(
        store.commit(&lease, first),
        store.commit(&lease, wrong),
        store.create(new("large", 10_000)),
        store.commit(&lease, second),
        store.send("r1", Command::Pause, NOW),
        released,
    );
    first.unwrap();
    assert_eq!(wrong.unwrap_err().kind(), ErrorKind::State);
    assert_eq!(told(large, &path).0, ErrorKind::Store);
    second.unwrap();
    assert_eq!(sent.unwrap(), 1);
    assert_eq!(store.rollouts().await.unwrap().len(), 1);
    assert_eq!(store.rollout("r1").await.unwrap().unwrap().status.succeeded, 1);
}

#[tokio::test]
async fn another_process_that_writes_is_waited_for_and_then_told() {
    let folder = scratch();
    let path = path(&folder);
    let store = SqliteStore::builder(&path).patience(Duration::from_millis(5)).open().await.unwrap();
    let lease = driven(&store, "r1", 1).await;
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut pen = Pen::new(1);
    let change = pen.moved(0, Pending, Pushing);
    let refused = store.commit(&lease, vec![change.clone()]).await;
    assert!(refused.as_ref().unwrap_err().is_retryable());
    assert_eq!(told(refused, &path), (ErrorKind::Busy, "FILE is held by another process: try again".into()));
    assert_eq!(store.scan("r1").await.unwrap()[0].state, Pending, "readers do not wait");
    store.version().await.unwrap();
    other.execute_batch("ROLLBACK").unwrap();
    store.commit(&lease, vec![change]).await.unwrap();
    assert_eq!(store.scan("r1").await.unwrap()[0].state, Pushing);
}

#[tokio::test]
async fn damaged_pages_are_told() {
    let folder = scratch();
    let path = path(&folder);
    filled(&path).await;
    let length = fs::metadata(&path).unwrap().len();
    overwrite(&path, 4096 * 4, &vec![0xA5; usize::try_from(length - 4096 * 4).unwrap()]);
    let text = "FILE is damaged: restore a copy, or begin with another file";
    let damaged = (ErrorKind::Store, String::from(text));
    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(told(store.scan("r1").await, &path), damaged);
    assert_eq!(told(store.targets("r1", &[Place(0)]).await, &path), damaged);
    assert_eq!(told(store.create(new("r2", 3)).await, &path), damaged);
}

#[tokio::test]
async fn damaged_records_are_told() {
    let folder = scratch();
    let path = path(&folder);
    filled(&path).await;
    Connection::open(&path).unwrap().execute_batch("UPDATE device SET record = '{\"id\": 7'").unwrap();
    let store = SqliteStore::open(&path).await.unwrap();
    let text = "FILE: the record of a device cannot be read: restore a copy of the file";
    assert_eq!(told(store.targets("r1", &[Place(0)]).await, &path), (ErrorKind::Store, text.into()));
    assert_eq!(store.scan("r1").await.unwrap().len(), 200);
}

#[tokio::test]
async fn what_is_no_store_is_refused_and_left_alone() {
    let folder = scratch();
    let path = path(&folder);
    fs::write(&path, "id,address\ntill-7,http://10.0.0.7\n".repeat(100)).unwrap();
    let text = "FILE is no SQLite database: choose another file";
    assert_eq!(told(SqliteStore::open(&path).await, &path), (ErrorKind::Store, text.into()));
    assert!(fs::read_to_string(&path).unwrap().starts_with("id,address"));
    fs::remove_file(&path).unwrap();

    filled(&path).await;
    overwrite(&path, 0, b"not what it was ");
    assert_eq!(told(SqliteStore::open(&path).await, &path), (ErrorKind::Store, text.into()));
    fs::remove_file(&path).unwrap();

    Connection::open(&path).unwrap().execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
    let before = fs::read(&path).unwrap();
    let text = "FILE is a database of another program: choose another file";
    assert_eq!(told(SqliteStore::open(&path).await, &path), (ErrorKind::Store, text.into()));
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::remove_file(&path).unwrap();

    fs::create_dir(&path).unwrap();
    let text = "FILE cannot be opened: it is no file, or you have no right to it or its folder";
    assert_eq!(told(SqliteStore::open(&path).await, &path), (ErrorKind::Store, text.into()));
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let folder = scratch();
    let path = path(&folder);
    filled(&path).await;
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 3).unwrap();
    let text = "FILE was written by a newer steadfast (schema 3, this one knows 1): use that one";
    assert_eq!(told(SqliteStore::open(&path).await, &path), (ErrorKind::Store, text.into()));
}

#[tokio::test]
async fn a_missing_folder_is_made_if_asked_for() {
    let folder = scratch();
    let path = folder.path().join("share/steadfast/rollouts.db");
    let text = "cannot make FILE: its folder is missing: make it first";
    assert_eq!(told(SqliteStore::open(&path).await, &path), (ErrorKind::Store, text.into()));
    assert!(!folder.path().join("share").exists());
    let store = SqliteStore::builder(&path).make_folder(true).open().await.unwrap();
    driven(&store, "r1", 1).await;
    assert_eq!(store.path(), path);
    let error = SqliteStore::open("").await.unwrap_err();
    let (kind, text) = (error.kind(), error.to_string());
    assert_eq!(kind, ErrorKind::Store);
    assert!(text.starts_with("`` is no path of a store: "), "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = scratch();
    let path = folder.path().join("made/rollouts.db");
    let store = SqliteStore::builder(&path).make_folder(true).open().await.unwrap();
    driven(&store, "r1", 1).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_may_not_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt;

    let folder = scratch();
    let path = path(&folder);
    filled(&path).await;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    // Who is above all rights writes it nevertheless.
    let is_bound = OpenOptions::new().write(true).open(&path).is_err();
    let opened = SqliteStore::open(&path).await;
    if is_bound {
        let text = "FILE cannot be written: you have no right to write it or its folder";
        assert_eq!(told(opened, &path), (ErrorKind::Store, text.into()));
    } else {
        assert_eq!(opened.unwrap().scan("r1").await.unwrap().len(), 200);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_folder_that_may_not_be_written_is_told() {
    let path = Path::new("/proc/rollouts.db");
    let (kind, text) = told(SqliteStore::open(path).await, path);
    assert_eq!(kind, ErrorKind::Store);
    assert!(text.starts_with("cannot make FILE: "), "{text}");
}

#[tokio::test]
async fn what_a_crash_leaves_is_read_whole() {
    let folder = scratch();
    let path = path(&folder);
    let store = SqliteStore::open(&path).await.unwrap();
    let lease = driven(&store, "r1", 3).await;
    let mut pen = Pen::new(3);
    for place in 0..3 {
        store.commit(&lease, vec![pen.moved(place, Pending, Pushing)]).await.unwrap();
    }
    let elsewhere = scratch();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), elsewhere.path().join(entry.file_name())).unwrap();
    }
    assert!(elsewhere.path().join("rollouts.db-wal").exists());
    let after = SqliteStore::open(elsewhere.path().join("rollouts.db")).await.unwrap();
    let record = after.rollout("r1").await.unwrap().unwrap();
    assert_eq!((record.last_seq, record.status.in_flight), (3, 3));
    assert_eq!(after.acquire("r1", &holder("t2"), NOW + TTL, TTL).await.unwrap().number, 2);
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let folder = scratch();
    let path = path(&folder);
    let store = SqliteStore::open(&path).await.unwrap();
    let clone = store.clone();
    driven(&store, "r1", 1).await;
    store.version().await.unwrap();
    store.scan("r1").await.unwrap();
    clone.close().await;
    clone.close().await;
    let closed = (ErrorKind::Store, String::from("FILE was closed: open it anew"));
    assert_eq!(told(store.scan("r1").await, &path), closed);
    assert_eq!(told(store.create(new("r2", 1)).await, &path), closed);
    assert_eq!(told(store.version().await, &path), closed);
    assert!(!folder.path().join("rollouts.db-wal").exists(), "the log is part of the file now");
}

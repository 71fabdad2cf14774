//! The tables, and how those of an older version become those of today.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::fault::Fault;
use crate::error::{Error, ErrorKind};

/// Says in the file's header whose it is: "stfd".
const APPLICATION: i64 = 0x7374_6664;

/// What leads from each version to the next: the first one from an empty file to version 1. A step that was released
/// does not change any more.
const STEPS: [&str; 1] = [include_str!("schema/1.sql")];

/// Refuses a file of another program, or of a newer version of this one.
pub(super) fn check(file: &Connection, path: &Path) -> Result<(), Fault> {
    version(file, path, STEPS.len()).map(drop)
}

/// Brings the tables to the version of today.
pub(super) fn migrate(file: &mut Connection, path: &Path) -> Result<(), Fault> {
    steps(file, path, &STEPS)
}

fn steps(file: &mut Connection, path: &Path, steps: &[&str]) -> Result<(), Fault> {
    loop {
        let done = version(file, path, steps.len())?;
        if done == steps.len() {
            return Ok(());
        }
        let transaction = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have taken the same step meanwhile.
        let done = version(&transaction, path, steps.len())?;
        if let Some(step) = steps.get(done) {
            transaction.execute_batch(step)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", done as u64 + 1)?;
        }
        transaction.commit()?;
    }
}

/// The version of the tables: 0 for an empty file.
fn version(file: &Connection, path: &Path, newest: usize) -> Result<usize, Fault> {
    let read = |name| file.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (read("application_id")?, read("user_version")?);
    let tables: u64 = file.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let path = path.display();
    if (application, version, tables) == (0, 0, 0) {
        return Ok(0);
    }
    if application != APPLICATION {
        let text = format!("{path} is a database of another program: choose another file");
        return Err(Error::new(ErrorKind::Store, text).into());
    }
    usize::try_from(version).ok().filter(|version| *version <= newest).ok_or_else(|| {
        let text = format!(
            "{path} was written by a newer steadfast (schema {version}, this one knows {newest}): use that one"
        );
        Error::new(ErrorKind::Store, text).into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEXT: &str = "ALTER TABLE rollout ADD COLUMN note TEXT; UPDATE rollout SET note = 'from ' || id;";
    const LAST: &str = "CREATE TABLE later (x INTEGER) STRICT; INSERT INTO later SELECT count(*) FROM rollout;";

    fn path() -> &'static Path {
        Path::new("/srv/rollouts.db")
    }

    /// A file of an older version with a rollout in it.
    fn of_version(done: usize, all: &[&str]) -> Connection {
        let mut file = Connection::open_in_memory().unwrap();
        steps(&mut file, path(), &all[..done]).unwrap();
        if done > 0 {
            file.execute("INSERT INTO rollout (key, id, created, spec) VALUES (1, 'r1', 0, '{}')", []).unwrap();
        }
        file
    }

    #[test]
    fn every_older_version_becomes_the_newest() {
        let all = [STEPS[0], NEXT, LAST];
        for done in 0..=all.len() {
            let mut file = of_version(done, &all);
            steps(&mut file, path(), &all).unwrap();
            steps(&mut file, path(), &all).unwrap();
            assert_eq!(version(&file, path(), 3).unwrap(), 3);
            let kept: u64 = file.query_row("SELECT count(*) FROM rollout", [], |row| row.get(0)).unwrap();
            assert_eq!(kept, u64::from(done > 0));
        }
        let file = {
            let mut file = of_version(1, &all);
            steps(&mut file, path(), &all).unwrap();
            file
        };
        let told = file.query_row("SELECT note, x FROM rollout, later", [], |row| Ok((row.get(0)?, row.get(1)?)));
        assert_eq!(told.unwrap(), (String::from("from r1"), 1));
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let all = [STEPS[0], "CREATE TABLE half (x INTEGER) STRICT; SELECT nonsense;"];
        let mut file = of_version(1, &all);
        assert!(steps(&mut file, path(), &all).is_err());
        assert_eq!(version(&file, path(), 2).unwrap(), 1);
        assert!(file.prepare("SELECT x FROM half").is_err());
    }

    #[test]
    fn a_newer_version_and_another_program_are_refused() {
        let refused = |file: &Connection| version(file, path(), 1).unwrap_err().told(path()).to_string();
        let newer = of_version(1, &STEPS);
        newer.pragma_update(None, "user_version", 3).unwrap();
        let text = "/srv/rollouts.db was written by a newer steadfast (schema 3, this one knows 1): use that one";
        assert_eq!(refused(&newer), text);
        let foreign = Connection::open_in_memory().unwrap();
        foreign.execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
        assert_eq!(refused(&foreign), "/srv/rollouts.db is a database of another program: choose another file");
        let other = of_version(1, &STEPS);
        other.pragma_update(None, "application_id", 7).unwrap();
        assert_eq!(refused(&other), "/srv/rollouts.db is a database of another program: choose another file");
    }
}

//! What is in the file: made where there is nothing, known by its version where there is something.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::{DiskNotice, OpenError, PATIENCE, file};

/// Says in the file's header whose it is: "stfc".
const APPLICATION: i64 = 0x7374_6663;

/// Rises with every change of the tables or of what their columns mean.
const VERSION: i64 = 1;

/// Uses are noted in `entries`, apart from the bodies, so that a note does not rewrite a body. The triggers keep the sums
/// right, whoever writes.
const TABLES: &str = "
    CREATE TABLE entries (
        id INTEGER PRIMARY KEY,
        key BLOB NOT NULL UNIQUE,
        stored_at INTEGER NOT NULL,
        put_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        used_at INTEGER NOT NULL,
        fresh INTEGER,
        stale INTEGER,
        negative INTEGER NOT NULL,
        tokens INTEGER NOT NULL,
        micros INTEGER NOT NULL,
        size INTEGER NOT NULL,
        sum BLOB NOT NULL
    ) STRICT;
    CREATE INDEX by_use ON entries (used_at);
    CREATE INDEX by_end ON entries (expires_at);
    CREATE INDEX by_beginning ON entries (put_at);
    CREATE TABLE bodies (id INTEGER PRIMARY KEY, notes BLOB NOT NULL, body BLOB NOT NULL) STRICT;
    CREATE TABLE totals (entries INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
    INSERT INTO totals VALUES (0, 0);
    CREATE TRIGGER kept AFTER INSERT ON entries BEGIN
        UPDATE totals SET entries = entries + 1, bytes = bytes + new.size;
    END;
    CREATE TRIGGER let_go AFTER DELETE ON entries BEGIN
        DELETE FROM bodies WHERE id = old.id;
        UPDATE totals SET entries = entries - 1, bytes = bytes - old.size;
    END;
";

enum Refused {
    Foreign,
    OtherVersion(i64),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Opens the file, begun anew if it has to be.
pub(super) fn open(path: &Path, tell: &dyn Fn(&DiskNotice)) -> Result<Connection, OpenError> {
    file::prepare(path)?;
    match connect(path) {
        Ok(connection) => Ok(connection),
        Err(Refused::OtherVersion(version)) => {
            let moved_to = file::set_aside(path, &format!(".v{version}"))?;
            tell(&DiskNotice::OtherVersion { version, moved_to });
            fresh(path)
        }
        Err(Refused::Sqlite(error)) if is_corrupt(&error) => anew(path, tell),
        Err(refused) => Err(refused.told(path)),
    }
}

/// Sets a corrupt file aside and begins anew.
pub(super) fn anew(path: &Path, tell: &dyn Fn(&DiskNotice)) -> Result<Connection, OpenError> {
    let moved_to = file::set_aside(path, ".corrupt")?;
    tell(&DiskNotice::Corrupt { moved_to });
    fresh(path)
}

pub(super) fn is_corrupt(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn fresh(path: &Path) -> Result<Connection, OpenError> {
    file::prepare(path)?;
    connect(path).map_err(|refused| refused.told(path))
}

fn connect(path: &Path) -> Result<Connection, Refused> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    if is_empty(&connection)? {
        write_ahead(&connection);
        // Another process may be about to do the same.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if is_empty(&transaction)? {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        transaction.commit()?;
    }
    match identity(&connection)? {
        (APPLICATION, VERSION) => {}
        (APPLICATION, version) => return Err(Refused::OtherVersion(version)),
        _ => return Err(Refused::Foreign),
    }
    write_ahead(&connection);
    connection.pragma_update(None, "journal_size_limit", 4 * 1024 * 1024)?;
    // What is let go is overwritten.
    connection.pragma_update(None, "secure_delete", true)?;
    Ok(connection)
}

/// Not had while others are busy, and then theirs to do: the cache works without.
fn write_ahead(connection: &Connection) {
    drop(connection.pragma_update(None, "journal_mode", "WAL"));
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0 && identity(connection)? == (0, 0))
}

fn identity(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    let read = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((read("application_id")?, read("user_version")?))
}

impl Refused {
    fn told(self, path: &Path) -> OpenError {
        let path = path.to_owned();
        match self {
            Self::Foreign => OpenError::Foreign { path },
            Self::OtherVersion(version) => {
                OpenError::Unavailable { path, source: format!("its schema version is {version}").into() }
            }
            Self::Sqlite(error) => OpenError::Unavailable { path, source: error.into() },
        }
    }
}

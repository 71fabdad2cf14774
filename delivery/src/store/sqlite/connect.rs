//! Connections to the file: one that writes, others that read.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{fault, file, schema};
use crate::error::{Error, ErrorKind};
use fault::Fault;

/// What is set when the file is opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) patience: Duration,
    pub(super) max_bytes: Option<u64>,
}

/// The log is copied back into the file when it has so many pages: the more, the more often a page that was written
/// again and again is copied only once.
const CHECKPOINT_PAGES: u32 = 16_384;
/// What is left of the log on the disk then, at most.
const LOG_BYTES: u64 = 64 << 20;
/// Pages in memory for the connection that writes, in KiB: as many as a rollout of 100,000 devices touches.
const CACHE_KIB: i64 = 16 << 10;
/// Every statement of one connection.
const STATEMENTS: usize = 64;

/// Stores of one process are opened one after the other. A file that is closed takes all locks of its process with it
/// (POSIX), so nobody may use one that is only just being made.
static OPENING: Mutex<()> = Mutex::new(());

/// The connection that writes, to a file with the tables of today.
pub(super) fn prepare(path: &Path, make_folder: bool, settings: &Settings) -> Result<Connection, Error> {
    let _one_at_a_time = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    file::make(path, make_folder)?;
    writer(path, settings).map_err(|fault| fault.told(path))
}

fn writer(path: &Path, settings: &Settings) -> Result<Connection, Fault> {
    let mut file = connect(path, settings.patience)?;
    if file.is_readonly("main")? {
        return Err(Error::new(ErrorKind::Store, fault::read_only(&path.display())).into());
    }
    schema::check(&file, path)?;
    write_ahead(&mut file)?;
    schema::migrate(&mut file, path)?;
    file.pragma_update(None, "synchronous", "NORMAL")?;
    file.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    file.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES, |_| Ok(()))?;
    file.pragma_update(None, "cache_size", -CACHE_KIB)?;
    if let Some(bytes) = settings.max_bytes {
        let page: u64 = file.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = (bytes / page.max(1)).clamp(1, u64::from(u32::MAX) - 1);
        file.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    Ok(file)
}

/// A connection that writes nothing.
pub(super) fn reader(path: &Path, patience: Duration) -> rusqlite::Result<Connection> {
    let file = connect(path, patience)?;
    file.pragma_update(None, "query_only", true)?;
    Ok(file)
}

/// A number that is another one whenever another connection wrote.
pub(super) fn data_version(file: &Connection) -> rusqlite::Result<u64> {
    file.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

fn connect(path: &Path, patience: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let file = Connection::open_with_flags(path, flags)?;
    file.busy_timeout(patience)?;
    file.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(file)
}

/// Sets WAL mode, which stays. SQLite does not wait here for another process that is about to do the same.
fn write_ahead(file: &mut Connection) -> rusqlite::Result<()> {
    let mut tries = 0;
    loop {
        let set = file.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()));
        match set.map_err(Fault::from) {
            Err(fault) if fault.is_busy() && tries < 10 => {
                tries += 1;
                // This does wait.
                file.transaction_with_behavior(TransactionBehavior::Immediate)?.rollback()?;
            }
            Err(Fault::Sqlite(error)) => return Err(error),
            _ => return Ok(()),
        }
    }
}

//! What is done with the file: each function is one transaction.
//!
//! Time is read where nobody can put anything any more before it is used: an entry that was put meanwhile would seem to be
//! from the future.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Params, Transaction, TransactionBehavior, params};
use steadfast_clock::{UnixNanos, Wall};

use super::PATIENCE;
use super::record::{COLUMNS, Record, instant, span};
use crate::{CacheKey, Entry};

/// What a store holds to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) max_bytes: u64,
    pub(super) ttl: Option<Duration>,
    /// A use is noted when the last noted one lies at least so far back.
    pub(super) resolution: Duration,
}

/// What a look-up found.
pub(super) enum Found {
    Entry(Entry),
    Nothing,
    /// It is let go.
    Expired,
    /// It is not what was put, and is let go.
    Damaged,
}

/// What became of a put.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) kept: bool,
    pub(super) evicted: u64,
    pub(super) expired: u64,
}

/// Sums over the file.
pub(super) struct Totals {
    pub(super) entries: u64,
    pub(super) bytes: u64,
}

/// What an entry takes besides its contents: key, digest, times, and their places in the indices.
const OVERHEAD: u64 = 256;

/// The most expired entries that one put lets go of without need.
const SWEEP: u32 = 32;

pub(super) fn get(
    connection: &mut Connection,
    key: &CacheKey,
    wall: &dyn Wall,
    rules: &Rules,
) -> rusqlite::Result<Found> {
    let read = format!("SELECT {COLUMNS}, id, sum, used_at FROM entries JOIN bodies USING (id) WHERE key = ?1");
    let row = connection
        .prepare_cached(&read)?
        .query_row([key.as_bytes()], |row| {
            let (id, sum, used_at): (i64, Vec<u8>, i64) = (row.get("id")?, row.get("sum")?, row.get("used_at")?);
            Ok((Record::read(row)?, id, sum, used_at))
        })
        .optional()?;
    let Some((record, id, sum, used_at)) = row else { return Ok(Found::Nothing) };
    let now = wall.wall();
    if sum != record.sum(key) {
        let_go(connection, id, &sum)?;
        return Ok(Found::Damaged);
    }
    if !record.is_alive(now) {
        let_go(connection, id, &sum)?;
        return Ok(Found::Expired);
    }
    let Some(entry) = record.entry() else {
        let_go(connection, id, &sum)?;
        return Ok(Found::Damaged);
    };
    if instant(now).saturating_sub(used_at) >= span(rules.resolution) {
        let note = "UPDATE entries SET used_at = ?3 WHERE id = ?1 AND sum = ?2";
        by_the_way(connection, note, params![id, sum, instant(now)])?;
    }
    Ok(Found::Entry(entry))
}

/// By its digest too, because another process may have put something else under that number meanwhile.
fn let_go(connection: &Connection, id: i64, sum: &[u8]) -> rusqlite::Result<()> {
    by_the_way(connection, "DELETE FROM entries WHERE id = ?1 AND sum = ?2", params![id, sum])
}

/// A look-up waits for nobody: what it would write is not written while another one writes.
fn by_the_way(connection: &Connection, statement: &str, params: impl Params) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::ZERO)?;
    let done = connection.prepare_cached(statement).and_then(|mut statement| statement.execute(params));
    connection.busy_timeout(PATIENCE)?;
    match done {
        Err(error) if super::schema::is_corrupt(&error) => Err(error),
        _ => Ok(()),
    }
}

pub(super) fn put(
    connection: &mut Connection,
    key: &CacheKey,
    entry: &Entry,
    wall: &dyn Wall,
    rules: &Rules,
) -> rusqlite::Result<Kept> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let now = wall.wall();
    let record = Record::new(entry, now, rules.ttl);
    let size = entry.size().saturating_add(OVERHEAD);
    let kept = size <= rules.max_bytes && record.is_alive(now);
    let mut done = Kept { kept, ..Kept::default() };
    transaction.prepare_cached("DELETE FROM entries WHERE key = ?1")?.execute([key.as_bytes()])?;
    done.expired += sweep(&transaction, now)?;
    if kept {
        let sum = record.sum(key);
        let id = insert(&transaction, key, &record, size, &sum)?;
        while totals(&transaction)?.bytes > rules.max_bytes {
            match sweep(&transaction, now)? {
                0 => done.evicted += evict(&transaction, id)?,
                swept => done.expired += swept,
            }
        }
    }
    transaction.commit()?;
    Ok(done)
}

fn insert(
    transaction: &Transaction<'_>,
    key: &CacheKey,
    record: &Record,
    size: u64,
    sum: &[u8; 32],
) -> rusqlite::Result<i64> {
    let entry =
        "INSERT INTO entries (key, stored_at, put_at, expires_at, used_at, fresh, stale, negative, tokens, micros,
        size, sum) VALUES (?1, ?2, ?3, ?4, ?3, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    transaction.prepare_cached(entry)?.execute(params![
        key.as_bytes(),
        record.stored_at,
        record.put_at,
        record.expires_at,
        record.fresh,
        record.stale,
        record.negative,
        record.tokens,
        record.micros,
        i64::try_from(size).unwrap_or(i64::MAX),
        sum,
    ])?;
    let id = transaction.last_insert_rowid();
    let body = "INSERT OR REPLACE INTO bodies (id, notes, body) VALUES (?1, ?2, ?3)";
    transaction.prepare_cached(body)?.execute(params![id, record.notes, record.body])?;
    Ok(id)
}

/// Lets go of some that have expired; tells how many.
fn sweep(transaction: &Transaction<'_>, now: UnixNanos) -> rusqlite::Result<u64> {
    let sweep = "DELETE FROM entries WHERE id IN
        (SELECT id FROM entries WHERE expires_at <= ?1 OR put_at > ?1 LIMIT ?2)";
    let swept = transaction.prepare_cached(sweep)?.execute(params![instant(now), SWEEP])?;
    Ok(swept as u64)
}

/// Lets go of the one, other than the newcomer, whose last use lies furthest back.
fn evict(transaction: &Transaction<'_>, newcomer: i64) -> rusqlite::Result<u64> {
    let evict = "DELETE FROM entries WHERE id =
        (SELECT id FROM entries WHERE id <> ?1 ORDER BY used_at, id LIMIT 1)";
    match transaction.prepare_cached(evict)?.execute([newcomer])? {
        // The sums promise entries that are not there.
        0 => Err(corrupt()),
        evicted => Ok(evicted as u64),
    }
}

fn corrupt() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), None)
}

pub(super) fn remove(connection: &mut Connection, key: &CacheKey) -> rusqlite::Result<bool> {
    let removed = connection.prepare_cached("DELETE FROM entries WHERE key = ?1")?.execute([key.as_bytes()])?;
    Ok(removed > 0)
}

pub(super) fn clear(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM entries", [])?;
    Ok(())
}

pub(super) fn totals(connection: &Connection) -> rusqlite::Result<Totals> {
    connection.prepare_cached("SELECT entries, bytes FROM totals")?.query_row([], |row| {
        let whole = |number: i64| u64::try_from(number).unwrap_or_default();
        Ok(Totals { entries: whole(row.get(0)?), bytes: whole(row.get(1)?) })
    })
}

//! What is read and written in every transaction of a rollout: its lease, and where its events and devices are.

use std::sync::LazyLock;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::fault::Fault;
use super::keys::{Key, int, number};
use crate::store::code::Counts;
use crate::store::refusal;
use crate::store::tenure::Tenure;

pub(super) struct Tally {
    pub(super) key: Key,
    pub(super) tenure: Tenure,
    /// The number of the last event.
    pub(super) seq: u64,
    pub(super) counts: Counts,
}

/// Read with [`Tally::read`].
pub(super) const COLUMNS: &str = "tally.rollout, lease, holder, renewed, until, seq, pending, deferred, pushing,
    verifying, succeeded, failed, skipped, cancelled";

static FIND: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT {COLUMNS} FROM tally JOIN rollout ON rollout.key = tally.rollout WHERE rollout.id = ?1")
});

impl Tally {
    pub(super) fn of(file: &Connection, id: &str) -> Result<Self, Fault> {
        let found = file.prepare_cached(&FIND)?.query_row([id], |row| Ok(Self::read(row))).optional()?;
        found.ok_or_else(|| refusal::no_rollout(id))?
    }

    /// Of a row that begins with [`COLUMNS`].
    pub(super) fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let read = |column| row.get(column).map(number);
        let holder: Option<&str> = row.get_ref(2)?.as_str_or_null().map_err(rusqlite::Error::from)?;
        let holder = holder.map(serde_json::from_str).transpose();
        let tenure = Tenure {
            number: read(1)?,
            holder: holder.map_err(|error| Fault::Record("a driver", error))?,
            renewed_ms: read(3)?,
            until_ms: read(4)?,
        };
        let mut counts = Counts::default();
        for (column, count) in (6..).zip(&mut counts.0) {
            *count = read(column)?;
        }
        Ok(Self { key: Key(row.get(0)?), tenure, seq: read(5)?, counts })
    }

    /// Writes the number of the last event and the counts.
    pub(super) fn keep(&self, file: &Connection) -> Result<(), Fault> {
        const KEEP: &str = "UPDATE tally SET seq = ?2, pending = ?3, deferred = ?4, pushing = ?5, verifying = ?6,
            succeeded = ?7, failed = ?8, skipped = ?9, cancelled = ?10 WHERE rollout = ?1";
        let mut keep = file.prepare_cached(KEEP)?;
        keep.raw_bind_parameter(1, self.key.0)?;
        keep.raw_bind_parameter(2, int(self.seq))?;
        for (column, count) in (3..).zip(self.counts.0) {
            keep.raw_bind_parameter(column, int(count))?;
        }
        keep.raw_execute()?;
        Ok(())
    }

    /// Writes the lease.
    pub(super) fn keep_tenure(&self, file: &Connection) -> Result<(), Fault> {
        let tenure = &self.tenure;
        let holder = tenure.holder.as_ref().map(serde_json::to_string).transpose();
        let holder = holder.map_err(|error| Fault::Record("a driver", error))?;
        let keep = "UPDATE tally SET lease = ?2, holder = ?3, renewed = ?4, until = ?5 WHERE rollout = ?1";
        let columns = params![self.key.0, int(tenure.number), holder, int(tenure.renewed_ms), int(tenure.until_ms)];
        file.prepare_cached(keep)?.execute(columns)?;
        Ok(())
    }
}

//! The numbers that name things in the file.

use std::ops::RangeInclusive;

use rusqlite::{Connection, OptionalExtension};

use super::fault::Fault;
use crate::store::{Place, refusal};

/// The bits of an event's number within its key, and those of a place.
const SEQ_BITS: u32 = 40;
const PLACE_BITS: u32 = 32;
/// The largest number of an event.
pub(super) const LAST_SEQ: u64 = (1 << SEQ_BITS) - 1;
/// The largest number of a rollout whose events have keys.
pub(super) const LAST_ROLLOUT: i64 = (1 << (62 - SEQ_BITS)) - 1;

/// The number by which the file knows a rollout.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key(pub(super) i64);

impl Key {
    /// The key of the rollout of this id.
    pub(super) fn of(file: &Connection, id: &str) -> Result<Self, Fault> {
        let mut find = file.prepare_cached("SELECT key FROM rollout WHERE id = ?1")?;
        let found = find.query_row([id], |row| row.get(0)).optional()?;
        Ok(Self(found.ok_or_else(|| refusal::no_rollout(id))?))
    }

    /// The key of a device.
    pub(super) fn at(self, place: Place) -> i64 {
        (self.0 << PLACE_BITS) + i64::from(place.0)
    }

    /// The keys of all devices from this place on.
    pub(super) fn from(self, place: Place) -> RangeInclusive<i64> {
        self.at(place)..=self.at(Place(u32::MAX))
    }

    /// The key of an event; of one that cannot be, the last key.
    pub(super) fn event(self, seq: u64) -> i64 {
        (self.0 << SEQ_BITS) + i64::try_from(seq.min(LAST_SEQ)).unwrap_or_default()
    }

    /// The keys of the events after the one of this number; empty when there cannot be any.
    pub(super) fn events_after(self, seq: u64) -> RangeInclusive<i64> {
        self.event(seq) + 1..=self.event(LAST_SEQ)
    }
}

/// The place of a device's key.
pub(super) fn place(key: i64) -> Place {
    Place(u32::try_from(key & ((1 << PLACE_BITS) - 1)).unwrap_or_default())
}

/// The number of an event's key.
pub(super) fn seq(key: i64) -> u64 {
    number(key & ((1 << SEQ_BITS) - 1))
}

/// Numbers and times as the file has them: those beyond its largest one are that one.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The other way.
pub(super) fn number(int: i64) -> u64 {
    u64::try_from(int).unwrap_or_default()
}

/// A limit as the file has it.
pub(super) fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

//! The devices of a rollout.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};

use super::fault::Fault;
use super::keys::{Key, number, place};
use crate::failure::FailureClass;
use crate::record::DeviceState;
use crate::store::{Place, Target, TargetState, code, refusal};

pub(super) fn scan(file: &Connection, id: &str) -> Result<Vec<TargetState>, Fault> {
    let keys = Key::of(file, id)?.from(Place(0));
    let total = "SELECT pending + deferred + pushing + verifying + succeeded + failed + skipped + cancelled
        FROM tally WHERE rollout = ?1";
    let total: i64 = file.prepare_cached(total)?.query_row([keys.start() >> 32], |row| row.get(0))?;
    let mut states = Vec::with_capacity(usize::try_from(total).unwrap_or_default());
    let mut read =
        file.prepare_cached("SELECT state, class, due FROM target WHERE key BETWEEN ?1 AND ?2 ORDER BY key")?;
    let mut rows = read.query([keys.start(), keys.end()])?;
    while let Some(row) = rows.next()? {
        let class = row.get_ref(1)?.as_str_or_null().map_err(rusqlite::Error::from)?;
        let due_ms = row.get::<_, Option<i64>>(2)?.map_or(0, number);
        states.push(TargetState::new(state(row, 0)?, class.map(class_of).transpose()?, due_ms));
    }
    Ok(states)
}

pub(super) fn at(file: &Connection, id: &str, places: &[Place]) -> Result<Vec<Target>, Fault> {
    const READ: &str = "SELECT key, state, before, attempts, deferrals, first_deferred, token, record
        FROM target JOIN device USING (key) WHERE key BETWEEN ?1 AND ?2 ORDER BY key";
    let key = Key::of(file, id)?;
    let mut read = file.prepare_cached(READ)?;
    let mut targets = Vec::with_capacity(places.len());
    for range in places.chunk_by(|one, two| one.0.checked_add(1) == Some(two.0)) {
        let (Some(first), Some(last)) = (range.first(), range.last()) else { continue };
        let mut rows = read.query([key.at(*first), key.at(*last)])?;
        for wanted in range {
            let row = rows.next()?.ok_or_else(|| refusal::no_place(id, *wanted))?;
            targets.push(target(row)?);
        }
    }
    Ok(targets)
}

pub(super) fn place_of(file: &Connection, id: &str, device: &str) -> Result<Option<Place>, Fault> {
    let key = Key::of(file, id)?;
    let find = "SELECT place FROM member WHERE rollout = ?1 AND device = ?2 ORDER BY place LIMIT 1";
    let found = file.prepare_cached(find)?.query_row(params![key.0, device], |row| row.get(0).map(Place));
    Ok(found.optional()?)
}

fn target(row: &Row<'_>) -> Result<Target, Fault> {
    let record = row.get_ref(7)?.as_str().map_err(rusqlite::Error::from)?;
    let device = serde_json::from_str(record).map_err(|error| Fault::Record("a device", error))?;
    let mut target = Target::new(place(row.get(0)?), device, state(row, 1)?);
    target.before = state(row, 2)?;
    target.tried = (row.get(3)?, row.get(4)?);
    target.first_deferred_ms = row.get::<_, Option<i64>>(5)?.map(number);
    target.token = row.get_ref(6)?.as_str_or_null().map_err(rusqlite::Error::from)?.map(Arc::from);
    Ok(target)
}

fn state(row: &Row<'_>, column: usize) -> Result<DeviceState, Fault> {
    let number: u8 = row.get(column)?;
    let state = code::to_state(number);
    Ok(state.ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number.into()))?)
}

fn class_of(name: &str) -> Result<FailureClass, Fault> {
    let name: StrDeserializer<'_, ValueError> = name.into_deserializer();
    let class = FailureClass::deserialize(name);
    class.map_err(|error| Fault::Record("a failure", serde::de::Error::custom(error)))
}

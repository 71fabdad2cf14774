//! The events of a rollout, read.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};
use serde::Deserialize;

use super::fault::Fault;
use super::keys::{Key, limit, number, seq};
use crate::failure::Failure;
use crate::record::{Event, EventKind};
use crate::store::code;

pub(super) fn events(file: &Connection, id: &str, after: u64, most: usize) -> Result<Vec<Event>, Fault> {
    const READ: &str = "SELECT event.key, at, step, detail, device.record
        FROM event LEFT JOIN device ON device.key = (?4 << 32) + place
        WHERE event.key BETWEEN ?1 AND ?2 ORDER BY event.key LIMIT ?3";
    let key = Key::of(file, id)?;
    let keys = key.events_after(after);
    let rollout: Arc<str> = id.into();
    let mut read = file.prepare_cached(READ)?;
    let mut rows = read.query(params![keys.start(), keys.end(), limit(most), key.0])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let (seq, at_ms) = (seq(row.get(0)?), number(row.get(1)?));
        events.push(Event { rollout: Arc::clone(&rollout), seq, at_ms, kind: kind(row)? });
    }
    Ok(events)
}

/// What the log wants to know of an outcome.
#[derive(Deserialize)]
struct Why {
    #[serde(default)]
    failure: Option<Box<Failure>>,
}

fn kind(row: &Row<'_>) -> Result<EventKind, Fault> {
    let detail = row.get_ref(3)?;
    let Some(step) = row.get::<_, Option<u8>>(2)? else {
        let text = detail.as_str().map_err(rusqlite::Error::from)?;
        return serde_json::from_str(text).map_err(|error| Fault::Record("an event", error));
    };
    let state = |number| code::to_state(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(2, i64::from(step)));
    let (from, to) = (state(step >> 3)?, state(step & 7)?);
    let (mut after, mut failure) = (None, None);
    match detail {
        ValueRef::Integer(after_ms) => after = Some(Duration::from_millis(number(after_ms))),
        ValueRef::Text(text) => {
            let why: Why = serde_json::from_slice(text).map_err(|error| Fault::Record("an outcome", error))?;
            failure = why.failure;
        }
        _ => {}
    }
    Ok(EventKind::Device { device: device_id(row.get_ref(4)?)?, from, to, after, failure })
}

/// The id of a device in its record.
pub(super) fn device_id(record: ValueRef<'_>) -> Result<String, Fault> {
    #[derive(Deserialize)]
    struct Who {
        id: String,
    }
    let text = record.as_str().map_err(rusqlite::Error::from)?;
    let who: Who = serde_json::from_str(text).map_err(|error| Fault::Record("a device", error))?;
    Ok(who.id)
}

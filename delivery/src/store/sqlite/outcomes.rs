//! What came of the devices of a rollout.

use rusqlite::{Connection, params};

use super::fault::Fault;
use super::keys::{Key, limit, place};
use super::log::device_id;
use crate::record::{DeviceState, Outcome};
use crate::store::{Place, code};

pub(super) fn outcomes(
    file: &Connection,
    id: &str,
    from: Place,
    most: usize,
    failed: bool,
) -> Result<Vec<(Place, Outcome)>, Fault> {
    const READ: &str = "SELECT target.key, state, attempts, deferrals, event.detail, device.record
        FROM target JOIN device USING (key) LEFT JOIN event ON event.key = (?5 << 40) + target.outcome
        WHERE target.key BETWEEN ?1 AND ?2 AND state BETWEEN ?3 AND ?4 ORDER BY target.key LIMIT ?6";
    let key = Key::of(file, id)?;
    let keys = key.from(from);
    // The states after which nothing follows are the last four.
    let (first, last) = if failed {
        (DeviceState::Failed, DeviceState::Failed)
    } else {
        (DeviceState::Succeeded, DeviceState::Cancelled)
    };
    let (first, last) = (code::of_state(first), code::of_state(last));
    let mut read = file.prepare_cached(READ)?;
    let mut rows = read.query(params![keys.start(), keys.end(), first, last, key.0, limit(most)])?;
    let mut outcomes = Vec::new();
    while let Some(row) = rows.next()? {
        let outcome = match row.get_ref(4)?.as_str_or_null().map_err(rusqlite::Error::from)? {
            Some(text) => serde_json::from_str(text).map_err(|error| Fault::Record("an outcome", error))?,
            None => {
                let number: u8 = row.get(1)?;
                let state = code::to_state(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(1, number.into()))?;
                let mut outcome = Outcome::new(device_id(row.get_ref(5)?)?, state);
                (outcome.attempts, outcome.deferrals) = (row.get(2)?, row.get(3)?);
                outcome
            }
        };
        outcomes.push((place(row.get(0)?), outcome));
    }
    Ok(outcomes)
}

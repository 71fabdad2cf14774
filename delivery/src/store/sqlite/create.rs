//! Rollouts and their devices come into being.

use rusqlite::{Connection, params};

use super::fault::Fault;
use super::keys::{Key, LAST_ROLLOUT, int};
use super::tally::Tally;
use crate::device::Device;
use crate::error::{Error, ErrorKind};
use crate::progress::Progress;
use crate::record::RolloutStatus;
use crate::store::{Lease, NewRollout, Place, refusal};

pub(super) fn create(file: &Connection, rollout: &NewRollout) -> Result<(), Fault> {
    let id = &rollout.id;
    if file.prepare_cached("SELECT 1 FROM rollout WHERE id = ?1")?.exists([id])? {
        return Err(refusal::exists(id).into());
    }
    let spec = serde_json::to_string(&rollout.spec).map_err(|error| Fault::Record("a rollout", error))?;
    let insert = "INSERT INTO rollout (id, created, spec) VALUES (?1, ?2, ?3)";
    let key = Key(file.prepare_cached(insert)?.insert(params![id, int(rollout.at_ms), spec])?);
    if key.0 > LAST_ROLLOUT {
        return Err(Error::new(ErrorKind::Store, "the store holds all the rollouts that it can hold").into());
    }
    let total = rollout.devices.len() as u64;
    file.prepare_cached("INSERT INTO tally (rollout, pending) VALUES (?1, ?2)")?.execute([key.0, int(total)])?;
    let status = RolloutStatus::new(id.as_str().into(), &Progress::new(total));
    let status = serde_json::to_string(&status).map_err(|error| Fault::Record("a status", error))?;
    let insert = "INSERT INTO course (rollout, at, status, engine, commands_done) VALUES (?1, ?2, ?3, 'null', 0)";
    file.prepare_cached(insert)?.execute(params![key.0, int(rollout.at_ms), status])?;
    add(file, id, key, 0, &rollout.devices)
}

pub(super) fn join(file: &Connection, lease: &Lease, devices: &[Device]) -> Result<Place, Fault> {
    let mut tally = Tally::of(file, &lease.rollout)?;
    tally.tenure.check(lease)?;
    let first = tally.counts.0.iter().sum();
    add(file, &lease.rollout, tally.key, first, devices)?;
    tally.counts.0[0] += devices.len() as u64;
    tally.keep(file)?;
    Ok(Place(u32::try_from(first).unwrap_or(u32::MAX)))
}

/// Adds devices at the places from `first` on.
fn add(file: &Connection, id: &str, key: Key, first: u64, devices: &[Device]) -> Result<(), Fault> {
    let first = u32::try_from(first).ok();
    let last = first.and_then(|first| first.checked_add(u32::try_from(devices.len()).ok()?));
    let Some(first) = first.filter(|_| last.is_some_and(|last| last < u32::MAX)) else {
        return Err(refusal::too_many(id).into());
    };
    let mut device_row = file.prepare_cached("INSERT INTO device (key, record) VALUES (?1, ?2)")?;
    let mut target_row = file.prepare_cached("INSERT INTO target (key) VALUES (?1)")?;
    for (place, device) in (first..).zip(devices) {
        let text = serde_json::to_string(device).map_err(|error| Fault::Record("a device", error))?;
        device_row.execute(params![key.at(Place(place)), text])?;
        target_row.execute([key.at(Place(place))])?;
    }
    // In the order of the table, so that each row comes behind the last.
    let mut members: Vec<(&str, u32)> = devices.iter().map(Device::id).zip(first..).collect();
    members.sort_unstable();
    let mut member_row = file.prepare_cached("INSERT INTO member (rollout, device, place) VALUES (?1, ?2, ?3)")?;
    for (device, place) in members {
        member_row.execute(params![key.0, device, place])?;
    }
    Ok(())
}

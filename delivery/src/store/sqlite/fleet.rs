//! The inventory, and who was heard of lately.

use rusqlite::{Connection, OptionalExtension, params};

use super::fault::Fault;
use super::keys::{int, limit, number};
use crate::device::Device;
use crate::store::beat::{self, MOST_HEARTBEATS};
use crate::store::{Heartbeat, Imported};

const FIND: &str = "SELECT record FROM fleet WHERE id = ?1";
const KEEP: &str = "INSERT INTO fleet (id, record) VALUES (?1, ?2)
    ON CONFLICT (id) DO UPDATE SET record = excluded.record";

pub(super) fn import(file: &Connection, devices: &[Device]) -> Result<Imported, Fault> {
    let mut imported = Imported::default();
    for new in devices {
        match device(file, new.id())? {
            Some(known) if known == *new => imported.unchanged += 1,
            Some(_) => {
                keep(file, new)?;
                imported.changed += 1;
            }
            None => {
                keep(file, new)?;
                imported.added += 1;
            }
        }
    }
    Ok(imported)
}

pub(super) fn devices(file: &Connection, after: Option<&str>, most: usize) -> Result<Vec<Device>, Fault> {
    let read = "SELECT record FROM fleet WHERE ?1 IS NULL OR id > ?1 ORDER BY id LIMIT ?2";
    let mut read = file.prepare_cached(read)?;
    let mut rows = read.query(params![after, limit(most)])?;
    let mut devices = Vec::new();
    while let Some(row) = rows.next()? {
        devices.push(record(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?);
    }
    Ok(devices)
}

pub(super) fn device(file: &Connection, id: &str) -> Result<Option<Device>, Fault> {
    let mut find = file.prepare_cached(FIND)?;
    let found: Option<String> = find.query_row([id], |row| row.get(0)).optional()?;
    found.as_deref().map(record).transpose()
}

pub(super) fn heartbeat(file: &Connection, beats: &[Heartbeat]) -> Result<Vec<String>, Fault> {
    let insert = "INSERT INTO heartbeat (device, at, address, firmware_version) VALUES (?1, ?2, ?3, ?4)";
    let mut insert = file.prepare_cached(insert)?;
    let (mut unknown, mut last) = (Vec::new(), None);
    for heartbeat in beats {
        let Some(mut device) = device(file, &heartbeat.device)? else {
            unknown.push(heartbeat.device.clone());
            continue;
        };
        beat::apply(heartbeat, &mut device)?;
        keep(file, &device)?;
        let Heartbeat { device, at_ms, address, firmware_version } = heartbeat;
        last = Some(insert.insert(params![device, int(*at_ms), address, firmware_version])?);
    }
    if let Some(last) = last {
        let forget = "DELETE FROM heartbeat WHERE number <= ?1";
        file.prepare_cached(forget)?.execute([last.saturating_sub(limit(MOST_HEARTBEATS))])?;
    }
    Ok(unknown)
}

pub(super) fn heartbeats(file: &Connection, after: u64, most: usize) -> Result<Vec<(u64, Heartbeat)>, Fault> {
    let read = "SELECT number, device, at, address, firmware_version FROM heartbeat WHERE number > ?1
        ORDER BY number LIMIT ?2";
    let mut read = file.prepare_cached(read)?;
    let mut rows = read.query([int(after), limit(most)])?;
    let mut beats = Vec::new();
    while let Some(row) = rows.next()? {
        let mut beat = Heartbeat::new(row.get::<_, String>(1)?, number(row.get(2)?));
        (beat.address, beat.firmware_version) = (row.get(3)?, row.get(4)?);
        beats.push((number(row.get(0)?), beat));
    }
    Ok(beats)
}

fn keep(file: &Connection, device: &Device) -> Result<(), Fault> {
    let record = serde_json::to_string(device).map_err(|error| Fault::Record("a device", error))?;
    file.prepare_cached(KEEP)?.execute(params![device.id(), record])?;
    Ok(())
}

fn record(text: &str) -> Result<Device, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::Record("a device", error))
}

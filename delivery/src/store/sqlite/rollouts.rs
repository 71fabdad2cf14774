//! Rollouts as a whole, and the commands left for them.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;

use super::fault::Fault;
use super::keys::{Key, int, number};
use super::tally::{COLUMNS, Tally};
use crate::record::{Command, RolloutStatus, Sent};
use crate::store::{RolloutRecord, refusal};

pub(super) fn one(file: &Connection, id: &str) -> Result<RolloutRecord, Fault> {
    let mut read = file.prepare_cached(&select("WHERE id = ?1"))?;
    let found = read.query_row([id], |row| Ok(record(row))).optional()?;
    found.ok_or_else(|| refusal::no_rollout(id))?
}

pub(super) fn all(file: &Connection) -> Result<Vec<RolloutRecord>, Fault> {
    let mut read = file.prepare_cached(&select("ORDER BY created DESC, key DESC"))?;
    let mut rows = read.query([])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(record(row)?);
    }
    Ok(records)
}

fn select(rest: &str) -> String {
    format!(
        "SELECT {COLUMNS}, id, created, spec, course.at, status, engine, commands_done
        FROM rollout JOIN tally ON tally.rollout = key JOIN course ON course.rollout = key {rest}"
    )
}

fn record(row: &Row<'_>) -> Result<RolloutRecord, Fault> {
    let tally = Tally::read(row)?;
    let mut status: RolloutStatus = json(row, 18, "a status")?;
    tally.counts.tell(&mut status);
    let id: String = row.get(14)?;
    status.id = id.as_str().into();
    Ok(RolloutRecord {
        id,
        spec: json(row, 16, "a rollout")?,
        status,
        created_ms: number(row.get(15)?),
        status_at_ms: number(row.get(17)?),
        last_seq: tally.seq,
        engine: json(row, 19, "an engine")?,
        commands_done: number(row.get(20)?),
        driver: tally.tenure.driver(),
    })
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize, what: &'static str) -> Result<T, Fault> {
    let text = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
    serde_json::from_str(text).map_err(|error| Fault::Record(what, error))
}

pub(super) fn send(file: &Connection, id: &str, command: &Command, now_ms: u64) -> Result<u64, Fault> {
    const INSERT: &str = "INSERT INTO command (rollout, number, at, record)
        SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3 FROM command WHERE rollout = ?1 RETURNING number";
    let key = Key::of(file, id)?;
    let record = serde_json::to_string(command).map_err(|error| Fault::Record("a command", error))?;
    let number_of = |row: &Row<'_>| row.get(0).map(number);
    Ok(file.prepare_cached(INSERT)?.query_row(params![key.0, int(now_ms), record], number_of)?)
}

pub(super) fn commands(file: &Connection, id: &str, after: u64) -> Result<Vec<Sent>, Fault> {
    let key = Key::of(file, id)?;
    let read = "SELECT number, at, record FROM command WHERE rollout = ?1 AND number > ?2 ORDER BY number";
    let mut read = file.prepare_cached(read)?;
    let mut rows = read.query([key.0, int(after)])?;
    let mut sent = Vec::new();
    while let Some(row) = rows.next()? {
        sent.push(Sent::new(number(row.get(0)?), number(row.get(1)?), json(row, 2, "a command")?));
    }
    Ok(sent)
}

//! States and events, written together.

use std::sync::LazyLock;

use rusqlite::types::Null;
use rusqlite::{CachedStatement, Connection, params};

use super::fault::Fault;
use super::keys::{Key, LAST_SEQ, int};
use super::tally::Tally;
use crate::record::{DeviceState, Outcome};
use crate::store::code;
use crate::store::{Change, DeviceChange, Lease, Place, RolloutChange, refusal};

pub(super) fn commit(file: &Connection, lease: &Lease, changes: &[Change]) -> Result<(), Fault> {
    let id = &lease.rollout;
    let mut tally = Tally::of(file, id)?;
    tally.tenure.check(lease)?;
    let mut moves = Vec::with_capacity(changes.len());
    let mut course = None;
    for change in changes {
        let seq = match change {
            Change::Device(change) => {
                let (from, to) = (code::of_state(change.from), code::of_state(change.to));
                tally.counts.shift(from, to);
                moves.push(change);
                Some(change.seq)
            }
            Change::Rollout(change) => {
                course = Some(change);
                change.event.as_ref().map(|(seq, _)| *seq)
            }
        };
        if let Some(seq) = seq {
            let next = tally.seq + 1;
            if seq != next || seq > LAST_SEQ {
                return Err(refusal::gap(id, next, seq).into());
            }
            tally.seq = seq;
        }
    }
    // Steps of one device stay in order; all of them meet the table in its order.
    moves.sort_by_key(|change| change.place);
    States { file, id, key: tally.key }.keep(&moves)?;
    Events { file, key: tally.key }.keep(changes)?;
    tally.keep(file)?;
    course.map_or(Ok(()), |course| keep_course(file, tally.key, course))
}

/// From so many neighbours that take the same step, they take it in one statement.
const RANGE: usize = 4;

struct States<'a> {
    file: &'a Connection,
    id: &'a str,
    key: Key,
}

impl States<'_> {
    /// Writes the last step of each device. `moves` are in the order of places.
    fn keep(&self, moves: &[&DeviceChange]) -> Result<(), Fault> {
        let mut last: Vec<Step<'_>> = Vec::with_capacity(moves.len());
        for change in moves {
            match last.last_mut() {
                Some(step) if step.change.place == change.place => {
                    if step.change.to != change.from {
                        return Err(refusal::elsewhere(self.id, change.place, change.from).into());
                    }
                    step.change = change;
                }
                _ => last.push(Step { left: change.from, change }),
            }
        }
        for range in last.chunk_by(Step::is_followed_by) {
            if range.len() < RANGE {
                range.iter().try_for_each(|step| self.one(step))?;
            } else {
                self.range(range)?;
            }
        }
        Ok(())
    }

    fn one(&self, step: &Step<'_>) -> Result<(), Fault> {
        const ONE: &str = "UPDATE target SET state = ?3, before = ?4, attempts = ?5, deferrals = ?6, due = ?7,
            first_deferred = ?8, class = ?9, outcome = ?10, token = ?11 WHERE key = ?1 AND state = ?2";
        let change = step.change;
        let failure = change.outcome.as_ref().and_then(|outcome| outcome.failure.as_ref());
        let class = failure.filter(|_| change.to == DeviceState::Failed).map(|failure| failure.class.as_str());
        let written = self.file.prepare_cached(ONE)?.execute(params![
            self.key.at(change.place),
            code::of_state(step.left),
            code::of_state(change.to),
            code::of_state(change.from),
            change.tried.0,
            change.tried.1,
            change.due_ms.map(int),
            change.first_deferred_ms.map(int),
            class,
            change.outcome.is_some().then(|| int(change.seq)),
            change.token.as_deref(),
        ])?;
        if written == 1 { Ok(()) } else { Err(self.misfit(step)?) }
    }

    fn range(&self, range: &[Step<'_>]) -> Result<(), Fault> {
        const RANGE: &str = "UPDATE target SET state = ?4, before = ?5, attempts = ?6, deferrals = ?7, due = NULL,
            first_deferred = NULL, class = NULL, outcome = NULL, token = NULL WHERE key BETWEEN ?1 AND ?2 AND state = ?3";
        let (Some(first), Some(last)) = (range.first(), range.last()) else { return Ok(()) };
        let written = self.file.prepare_cached(RANGE)?.execute(params![
            self.key.at(first.change.place),
            self.key.at(last.change.place),
            code::of_state(first.left),
            code::of_state(first.change.to),
            code::of_state(first.change.from),
            first.change.tried.0,
            first.change.tried.1,
        ])?;
        if written == range.len() {
            return Ok(());
        }
        // Somebody among them is elsewhere: the first one that is tells.
        range.iter().try_for_each(|step| self.one(step))
    }

    /// Why a device could not take its step.
    fn misfit(&self, step: &Step<'_>) -> Result<Fault, Fault> {
        let place = step.change.place;
        let there = self.file.prepare_cached("SELECT 1 FROM target WHERE key = ?1")?.exists([self.key.at(place)])?;
        let refused =
            if there { refusal::elsewhere(self.id, place, step.left) } else { refusal::no_place(self.id, place) };
        Ok(refused.into())
    }
}

/// What a batch does to one device.
struct Step<'a> {
    /// The state that it leaves, and must be in.
    left: DeviceState,
    /// Its last change.
    change: &'a DeviceChange,
}

impl Step<'_> {
    /// Whether nothing but the state and the attempts is told.
    fn is_plain(&self) -> bool {
        let change = self.change;
        change.due_ms.is_none()
            && change.first_deferred_ms.is_none()
            && change.outcome.is_none()
            && change.token.is_none()
    }

    /// Whether the other one is its neighbour and takes the same step.
    fn is_followed_by(&self, other: &Step<'_>) -> bool {
        let (one, two) = (self.change, other.change);
        two.place.0 - one.place.0 == 1
            && (self.left, one.from, one.to, one.tried) == (other.left, two.from, two.to, two.tried)
            && self.is_plain()
            && other.is_plain()
    }
}

/// So many events that tell of nothing but a step are written in one statement.
const TOGETHER: usize = 32;

static MANY: LazyLock<String> = LazyLock::new(|| {
    let row = ["(?, ?, ?, ?)"; TOGETHER];
    format!("INSERT INTO event (key, at, place, step) VALUES {}", row.join(", "))
});

struct Events<'a> {
    file: &'a Connection,
    key: Key,
}

impl Events<'_> {
    fn keep(&self, changes: &[Change]) -> Result<(), Fault> {
        let mut many = self.file.prepare_cached(&MANY)?;
        let mut one =
            self.file.prepare_cached("INSERT INTO event (key, at, place, step, detail) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for group in changes.chunk_by(|one, two| is_plain(one) && is_plain(two)) {
            let mut together = group.chunks_exact(TOGETHER);
            for group in &mut together {
                self.bind(&mut many, group)?;
                many.raw_execute()?;
            }
            together.remainder().iter().try_for_each(|change| self.one(&mut one, change))?;
        }
        Ok(())
    }

    fn bind(&self, many: &mut CachedStatement<'_>, group: &[Change]) -> Result<(), Fault> {
        let mut parameter = 1..;
        let mut bind = |value: i64| many.raw_bind_parameter(parameter.next().unwrap_or_default(), value);
        for change in group {
            if let Change::Device(change) = change {
                bind(self.key.event(change.seq))?;
                bind(int(change.at_ms))?;
                bind(i64::from(change.place.0))?;
                bind(step(change))?;
            }
        }
        Ok(())
    }

    fn one(&self, one: &mut CachedStatement<'_>, change: &Change) -> Result<(), Fault> {
        match change {
            Change::Device(change) => {
                let (key, at) = (self.key.event(change.seq), int(change.at_ms));
                let (Place(place), step) = (change.place, step(change));
                match (&change.outcome, change.after_ms) {
                    (Some(outcome), _) => one.execute(params![key, at, place, step, text(outcome)?])?,
                    (None, Some(after_ms)) => one.execute(params![key, at, place, step, int(after_ms)])?,
                    (None, None) => one.execute(params![key, at, place, step, Null])?,
                };
            }
            Change::Rollout(change) => {
                let Some((seq, kind)) = &change.event else { return Ok(()) };
                let kind = serde_json::to_string(kind).map_err(|error| Fault::Record("an event", error))?;
                one.execute(params![self.key.event(*seq), int(change.at_ms), Null, Null, kind])?;
            }
        }
        Ok(())
    }
}

fn is_plain(change: &Change) -> bool {
    matches!(change, Change::Device(change) if change.outcome.is_none() && change.after_ms.is_none())
}

fn step(change: &DeviceChange) -> i64 {
    i64::from(code::of_state(change.from)) * 8 + i64::from(code::of_state(change.to))
}

fn text(outcome: &Outcome) -> Result<String, Fault> {
    serde_json::to_string(outcome).map_err(|error| Fault::Record("an outcome", error))
}

fn keep_course(file: &Connection, key: Key, change: &RolloutChange) -> Result<(), Fault> {
    let keep = "UPDATE course SET at = ?2, status = ?3, engine = ?4, commands_done = ?5 WHERE rollout = ?1";
    let status = serde_json::to_string(&change.status).map_err(|error| Fault::Record("a status", error))?;
    let engine = change.engine.to_string();
    let columns = params![key.0, int(change.at_ms), status, engine, int(change.commands_done)];
    file.prepare_cached(keep)?.execute(columns)?;
    Ok(())
}

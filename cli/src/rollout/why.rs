//! What became of one device of a rollout, and why.

use std::io::Write;

use serde_json::{Value, json};
use steadfast_delivery::{DeviceState, Hold, Outcome, Place, RolloutRecord, Store, WhenOffline};

use super::places;
use crate::exit::Failure;
use crate::push::reason;
use crate::store::{driver, nearest, told};
use crate::when::local;

/// Tells what became of a device.
pub(super) async fn tell(store: &dyn Store, record: &RolloutRecord, device: &str, json: bool) -> Result<(), Failure> {
    let found = |error| told(&error);
    let mut stdout = std::io::stdout();
    let Some(place) = store.place_of(&record.id, device).await.map_err(found)? else {
        let why = left_out(store, record, device).await?;
        if json {
            writeln!(stdout, "{}", json!({ "device": device, "rollout": record.id, "state": null, "why": why }))?;
        } else {
            writeln!(stdout, "{device} takes no part in {}: {why}", record.id)?;
        }
        return Ok(());
    };
    let targets = store.targets(&record.id, &[place]).await.map_err(found)?;
    let Some(target) = targets.into_iter().next() else { return Err(Failure::work("the device is not in the store")) };
    let outcome = match target.state.is_final() {
        true => store.outcomes(&record.id, place, 1, false).await.map_err(found)?,
        false => Vec::new(),
    };
    let outcome = outcome.into_iter().find(|(of, _)| *of == place).map(|(_, outcome)| outcome);
    let why = match (&outcome, target.state) {
        (Some(outcome), DeviceState::Failed | DeviceState::Cancelled) if outcome.failure.is_some() => {
            Some(failed(outcome))
        }
        (Some(outcome), DeviceState::Succeeded) => succeeded(outcome),
        (_, DeviceState::Skipped) => Some(String::from("it was offline when its turn came: nothing was sent")),
        (_, DeviceState::Cancelled) => Some(String::from("the rollout was cancelled before its turn came")),
        (_, DeviceState::Deferred) => Some(deferred(store, record, place, target.tried.1).await?),
        (_, DeviceState::Pending) => Some(pending(record, place)),
        _ => None,
    };
    if json {
        let outcome = outcome.map_or(Ok(Value::Null), |outcome| serde_json::to_value(&outcome));
        let outcome = outcome.map_err(|error| Failure::work(error.to_string()))?;
        let object = json!({
            "device": device, "rollout": record.id, "state": target.state, "place": place.0, "why": why,
            "outcome": outcome,
        });
        writeln!(stdout, "{object}")?;
        return Ok(());
    }
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    writeln!(stdout, "{device} {}{why}", target.state)?;
    for attempt in outcome.iter().flat_map(Outcome::attempts) {
        writeln!(stdout, "  {attempt}")?;
    }
    Ok(())
}

/// The place of a device that takes part.
pub(super) async fn place(store: &dyn Store, record: &RolloutRecord, device: &str) -> Result<Place, Failure> {
    match store.place_of(&record.id, device).await.map_err(|error| told(&error))? {
        Some(place) => Ok(place),
        None => {
            let why = left_out(store, record, device).await?;
            Err(Failure::usage(format!("{device} takes no part in {}: {why}", record.id)))
        }
    }
}

/// Why a device takes no part.
async fn left_out(store: &dyn Store, record: &RolloutRecord, device: &str) -> Result<String, Failure> {
    let Some(known) = store.device(device).await.map_err(|error| told(&error))? else {
        let near = similar(store, device).await?;
        let near = if near.is_empty() { String::new() } else { format!("; the nearest are {}", near.join(", ")) };
        return Ok(format!("the fleet has no device of that id{near}"));
    };
    Ok(match record.spec.strategy.select.explain(&known) {
        Some(mismatch) => format!("it was not selected: {mismatch}"),
        None => String::from("it was not among the devices when the rollout began"),
    })
}

/// How many devices of the fleet are compared with an id that is not known.
const COMPARED: usize = 10_000;

async fn similar(store: &dyn Store, device: &str) -> Result<Vec<String>, Failure> {
    let some = store.devices(None, COMPARED).await.map_err(|error| told(&error))?;
    let ids: Vec<&str> = some.iter().map(|device| device.id()).collect();
    Ok(nearest(device, &ids))
}

/// Where it failed and what to do; without the name in front.
fn failed(outcome: &Outcome) -> String {
    let reason = reason(outcome);
    reason.strip_prefix(&format!("{}: ", outcome.device)).unwrap_or(&reason).to_owned()
}

fn succeeded(outcome: &Outcome) -> Option<String> {
    let version = outcome.version.as_ref()?;
    Some(format!("it reports version {version}"))
}

async fn deferred(store: &dyn Store, record: &RolloutRecord, place: Place, times: u32) -> Result<String, Failure> {
    let states = store.scan(&record.id).await.map_err(|error| told(&error))?;
    let due = states.get(place.0 as usize).map_or(0, |state| state.due_ms);
    let times = if times == 1 { String::from("once") } else { format!("{times} times") };
    Ok(format!("it said \"later\" {times}, and is called again at {}", local(due)))
}

/// What a device waits for whose turn has not come.
fn pending(record: &RolloutRecord, place: Place) -> String {
    let status = &record.status;
    if driver(record).is_none() {
        return format!("nobody drives the rollout: `steadfast rollout resume {}`", record.id);
    }
    let phases = &record.spec.strategy.phases;
    let shares = phases.iter().map(|phase| places(phase.percent, status.total)).collect::<Vec<_>>();
    let own = shares.iter().position(|&end| u64::from(place.0) < end).map(|at| at as u64 + 1);
    if let (Some(own), Some(now)) = (own, status.phase) {
        if own > u64::from(now) {
            let hold = status.hold.as_ref().map_or_else(String::new, |hold| format!(", {}", super::hold(hold)));
            return format!("it is in phase {own}, and the rollout is in phase {now}{hold}");
        }
    }
    match &status.hold {
        Some(Hold::AwaitingDevices) => String::from("it is offline, and is waited for"),
        Some(hold) => super::hold(hold),
        None if record.spec.strategy.offline == WhenOffline::Wait => {
            String::from("its turn has not come, or it is offline and is waited for")
        }
        None => String::from("its turn has not come"),
    }
}

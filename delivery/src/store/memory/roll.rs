//! One rollout in memory.

use std::sync::Arc;

use serde_json::Value;

use super::log::Log;
use crate::device::Device;
use crate::error::Error;
use crate::progress::Progress;
use crate::record::{Command, DeviceState, Event, Outcome, RolloutStatus, Sent};
use crate::store::code::{self, Counts};
use crate::store::tenure::Tenure;
use crate::store::{
    Change, DeviceChange, Lease, NewRollout, Place, RolloutChange, RolloutRecord, Spec, Target, TargetState, refusal,
};

pub(super) struct Roll {
    id: Arc<str>,
    spec: Spec,
    pub(super) created_ms: u64,
    /// How many rollouts there were when it was made.
    pub(super) made: u64,
    pub(super) tenure: Tenure,
    status: RolloutStatus,
    status_at_ms: u64,
    engine: Value,
    commands_done: u64,
    counts: Counts,
    devices: Vec<Device>,
    /// Numbers of states, by place: apart from the rest, so that a batch is checked, and taken back, in few cache lines.
    states: Vec<u8>,
    /// Those that the devices were in before.
    before: Vec<u8>,
    facts: Vec<Facts>,
    /// Places in the order of the ids of their devices; made when it is asked for.
    by_id: Option<Vec<u32>>,
    log: Log,
    commands: Vec<Sent>,
}

/// What else is known of a device, by place.
#[derive(Clone, Default)]
struct Facts {
    tried: (u32, u32),
    due_ms: u64,
    rare: Option<Box<Rare>>,
}

/// What few devices have.
#[derive(Clone, Default)]
struct Rare {
    first_deferred_ms: Option<u64>,
    token: Option<Arc<str>>,
    outcome: Option<Arc<Outcome>>,
}

impl Roll {
    pub(super) fn new(rollout: NewRollout, made: u64) -> Self {
        let NewRollout { id, spec, devices, at_ms } = rollout;
        let id: Arc<str> = id.into();
        let n = devices.len();
        Self {
            status: RolloutStatus::new(Arc::clone(&id), &Progress::new(n as u64)),
            id,
            spec,
            created_ms: at_ms,
            made,
            tenure: Tenure::default(),
            status_at_ms: at_ms,
            engine: Value::Null,
            commands_done: 0,
            counts: Counts::pending(n),
            devices,
            states: vec![code::of_state(DeviceState::Pending); n],
            before: vec![code::of_state(DeviceState::Pending); n],
            facts: vec![Facts::default(); n],
            by_id: None,
            log: Log::default(),
            commands: Vec::new(),
        }
    }

    pub(super) fn record(&self) -> RolloutRecord {
        let mut status = self.status.clone();
        self.counts.tell(&mut status);
        RolloutRecord {
            id: self.id.as_ref().to_owned(),
            spec: self.spec.clone(),
            status,
            created_ms: self.created_ms,
            status_at_ms: self.status_at_ms,
            last_seq: self.log.last(),
            engine: self.engine.clone(),
            commands_done: self.commands_done,
            driver: self.tenure.driver(),
        }
    }

    pub(super) fn scan(&self) -> Vec<TargetState> {
        let told = |(state, facts): (&u8, &Facts)| {
            let state = code::to_state(*state)?;
            let outcome = facts.rare.as_ref().and_then(|rare| rare.outcome.as_ref());
            let failure = outcome.and_then(|outcome| outcome.failure.as_ref());
            let class = failure.filter(|_| state == DeviceState::Failed).map(|failure| failure.class);
            Some(TargetState::new(state, class, facts.due_ms))
        };
        self.states.iter().zip(&self.facts).filter_map(told).collect()
    }

    pub(super) fn target(&self, place: Place) -> Result<Target, Error> {
        let index = place.0 as usize;
        let at = |states: &[u8]| states.get(index).and_then(|state| code::to_state(*state));
        let known = (at(&self.states), at(&self.before), self.devices.get(index), self.facts.get(index));
        let (Some(state), Some(before), Some(device), Some(facts)) = known else {
            return Err(refusal::no_place(&self.id, place));
        };
        let mut target = Target::new(place, device.clone(), state);
        target.before = before;
        target.tried = facts.tried;
        if let Some(rare) = &facts.rare {
            target.first_deferred_ms = rare.first_deferred_ms;
            target.token.clone_from(&rare.token);
        }
        Ok(target)
    }

    pub(super) fn place_of(&mut self, device: &str) -> Option<Place> {
        let by_id = self.by_id.take().unwrap_or_else(|| {
            let mut places: Vec<u32> = (0..).take(self.devices.len()).collect();
            places.sort_by_key(|place| self.id_at(*place));
            places
        });
        let at = by_id.partition_point(|place| self.id_at(*place) < Some(device));
        let found = by_id.get(at).copied().filter(|place| self.id_at(*place) == Some(device));
        self.by_id = Some(by_id);
        found.map(Place)
    }

    fn id_at(&self, place: u32) -> Option<&str> {
        self.devices.get(place as usize).map(Device::id)
    }

    pub(super) fn join(&mut self, lease: &Lease, devices: Vec<Device>) -> Result<Place, Error> {
        self.tenure.check(lease)?;
        let first = u32::try_from(self.devices.len()).unwrap_or(u32::MAX);
        let n = self.devices.len() + devices.len();
        if n >= u32::MAX as usize {
            return Err(refusal::too_many(&self.id));
        }
        self.counts.0[0] += devices.len() as u64;
        let joined = devices.len();
        self.devices.extend(devices);
        if let Some(mut by_id) = self.by_id.take() {
            for place in (first..).take(joined) {
                let at = by_id.partition_point(|other| self.id_at(*other) <= self.id_at(place));
                by_id.insert(at, place);
            }
            self.by_id = Some(by_id);
        }
        self.states.resize(n, code::of_state(DeviceState::Pending));
        self.before.resize(n, code::of_state(DeviceState::Pending));
        self.facts.resize_with(n, Facts::default);
        Ok(Place(first))
    }

    pub(super) fn commit(&mut self, lease: &Lease, changes: Vec<Change>) -> Result<(), Error> {
        self.tenure.check(lease)?;
        if let Err((done, error)) = self.step(&changes) {
            // Nothing was written but states: each goes back to what it was.
            for change in changes.iter().take(done).rev() {
                if let Change::Device(change) = change {
                    if let Some(state) = self.states.get_mut(change.place.0 as usize) {
                        *state = code::of_state(change.from);
                    }
                }
            }
            return Err(error);
        }
        self.log.reserve(changes.len());
        for change in changes {
            match change {
                Change::Device(change) => self.device(change),
                Change::Rollout(change) => self.go_on(*change),
            }
        }
        Ok(())
    }

    /// Steps through the changes with nothing but the states, to see whether they fit; if not, tells how many did.
    fn step(&mut self, changes: &[Change]) -> Result<(), (usize, Error)> {
        let mut next = self.log.last() + 1;
        for (done, change) in changes.iter().enumerate() {
            let seq = match change {
                Change::Device(change) => Some(change.seq),
                Change::Rollout(change) => change.event.as_ref().map(|(seq, _)| *seq),
            };
            if let Some(seq) = seq {
                if seq != next {
                    return Err((done, refusal::gap(&self.id, next, seq)));
                }
                next += 1;
            }
            if let Change::Device(change) = change {
                match self.states.get_mut(change.place.0 as usize) {
                    None => return Err((done, refusal::no_place(&self.id, change.place))),
                    Some(state) if *state != code::of_state(change.from) => {
                        return Err((done, refusal::elsewhere(&self.id, change.place, change.from)));
                    }
                    Some(state) => *state = code::of_state(change.to),
                }
            }
        }
        Ok(())
    }

    fn device(&mut self, change: DeviceChange) {
        let (from, to) = (code::of_state(change.from), code::of_state(change.to));
        self.counts.shift(from, to);
        self.log.device(change.at_ms, change.place.0, from, to);
        let outcome = change.outcome.map(Arc::<Outcome>::from);
        match (&outcome, change.after_ms) {
            (Some(outcome), _) => self.log.outcome(Arc::clone(outcome)),
            (None, Some(after_ms)) => self.log.after(after_ms),
            (None, None) => {}
        }
        let index = change.place.0 as usize;
        let (Some(before), Some(facts)) = (self.before.get_mut(index), self.facts.get_mut(index)) else { return };
        *before = from;
        facts.tried = change.tried;
        facts.due_ms = change.due_ms.unwrap_or(0);
        let (first_deferred_ms, token) = (change.first_deferred_ms, change.token);
        let rare = first_deferred_ms.is_some() || token.is_some() || outcome.is_some();
        facts.rare = rare.then(|| Box::new(Rare { first_deferred_ms, token, outcome }));
    }

    fn go_on(&mut self, change: RolloutChange) {
        let RolloutChange { event, at_ms, status, engine, commands_done } = change;
        if let Some((_, kind)) = event {
            self.log.rollout(at_ms, kind);
        }
        self.status = RolloutStatus { id: Arc::clone(&self.id), ..status };
        (self.status_at_ms, self.engine, self.commands_done) = (at_ms, engine, commands_done);
    }

    pub(super) fn events(&self, after: u64, most: usize) -> Vec<Event> {
        let device =
            |place: u32| self.devices.get(place as usize).map(|device| device.id().to_owned()).unwrap_or_default();
        let events = self.log.read(after, most, device);
        events.map(|(seq, at_ms, kind)| Event { rollout: Arc::clone(&self.id), seq, at_ms, kind }).collect()
    }

    pub(super) fn outcomes(&self, from: Place, most: usize, failed: bool) -> Vec<(Place, Outcome)> {
        let places = (0..).map(Place).zip(&self.states).skip(from.0 as usize);
        let wanted = places.filter_map(|(place, state)| {
            let state = code::to_state(*state)?;
            let wanted = if failed { state == DeviceState::Failed } else { state.is_final() };
            wanted.then_some((place, state))
        });
        wanted.take(most).filter_map(|(place, state)| Some((place, self.outcome(place, state)?))).collect()
    }

    fn outcome(&self, place: Place, state: DeviceState) -> Option<Outcome> {
        let facts = self.facts.get(place.0 as usize)?;
        if let Some(outcome) = facts.rare.as_ref().and_then(|rare| rare.outcome.as_ref()) {
            return Some((**outcome).clone());
        }
        let mut outcome = Outcome::new(self.devices.get(place.0 as usize)?.id(), state);
        (outcome.attempts, outcome.deferrals) = facts.tried;
        Some(outcome)
    }

    pub(super) fn send(&mut self, command: Command, now_ms: u64) -> u64 {
        let number = self.commands.len() as u64 + 1;
        self.commands.push(Sent::new(number, now_ms, command));
        number
    }

    pub(super) fn commands(&self, after: u64) -> Vec<Sent> {
        let start = usize::try_from(after).unwrap_or(usize::MAX).min(self.commands.len());
        self.commands.get(start..).unwrap_or_default().to_vec()
    }
}

//! What is known of all devices at any moment: states, counts, outcomes, and the events that tell of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use steadfast_clock::{Nanos, Wall};
use steadfast_telemetry::{Counter, Histogram};

use super::Progress;
use crate::failure::Failure;
use crate::plan::Plan;
use crate::record::{DeviceState, Event, EventKind, Observer, Outcome, RolloutState, RolloutStatus};

pub(super) struct Board {
    id: Arc<str>,
    concurrency: usize,
    observer: Option<Arc<dyn Observer>>,
    wall: Arc<dyn Wall + Send + Sync>,
    /// Held while an observer is told, so that events come in order; never taken from within a call to one.
    log: Mutex<Log>,
    /// Taken for moments only, also by those whom an observer asks.
    tally: Mutex<Tally>,
    /// Bytes handed to connections.
    pub(super) bytes: Counter,
    /// How long devices that are done kept a worker busy, in nanoseconds.
    times: Histogram,
}

struct Log {
    seq: u64,
    states: Vec<DeviceState>,
    outcomes: Vec<Option<Outcome>>,
}

struct Tally {
    counts: Progress,
    started: Option<Nanos>,
    ended: Option<Nanos>,
    /// The latest time at which any device that was deferred may be called again.
    last_due: Nanos,
}

/// What else is told of a transition.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Detail {
    pub(super) after: Option<Duration>,
    pub(super) due: Option<Nanos>,
}

impl Board {
    pub(super) fn new(plan: &Plan, observer: Option<Arc<dyn Observer>>, wall: Arc<dyn Wall + Send + Sync>) -> Self {
        let devices = plan.devices.len();
        let mut outcomes = Vec::new();
        outcomes.resize_with(devices, || None);
        Self {
            id: Arc::clone(&plan.id),
            concurrency: plan.concurrency.get(),
            observer,
            wall,
            log: Mutex::new(Log { seq: 0, states: vec![DeviceState::Pending; devices], outcomes }),
            tally: Mutex::new(Tally {
                counts: Progress::new(devices as u64),
                started: None,
                ended: None,
                last_due: Nanos::ZERO,
            }),
            bytes: Counter::new(),
            times: Histogram::new(),
        }
    }

    /// The rollout begins.
    pub(super) fn start(&self, plan: &Plan, now: Nanos) {
        let mut log = lock(&self.log);
        {
            let mut tally = lock(&self.tally);
            tally.started = Some(now);
            tally.counts.state = RolloutState::Running;
        }
        self.tell(&mut log, || EventKind::Started {
            total: plan.devices.len() as u64,
            version: plan.version.clone(),
            bytes: plan.artifact.len(),
            sha256: plan.artifact.digest_hex(),
        });
    }

    /// A device goes to a state that is not final.
    pub(super) fn move_to(&self, index: usize, device: &str, to: DeviceState, detail: Detail) {
        let mut log = lock(&self.log);
        self.shift(&mut log, index, device, to, detail, None);
    }

    /// A device goes to a final state.
    pub(super) fn settle(&self, index: usize, outcome: Outcome) {
        if matches!(outcome.state, DeviceState::Succeeded | DeviceState::Failed) {
            self.times.record_duration(outcome.duration);
        }
        let mut log = lock(&self.log);
        self.shift(&mut log, index, &outcome.device, outcome.state, Detail::default(), outcome.failure.as_ref());
        if let Some(place) = log.outcomes.get_mut(index) {
            *place = Some(outcome);
        }
    }

    /// All devices are in a final state.
    pub(super) fn finish(&self, now: Nanos) -> (RolloutStatus, Vec<Outcome>) {
        let mut log = lock(&self.log);
        {
            let mut tally = lock(&self.tally);
            tally.ended = Some(now);
            let counts = &mut tally.counts;
            counts.state = match (counts.cancelled, counts.failed) {
                (1.., _) => RolloutState::Cancelled,
                (0, 1..) => RolloutState::Failed,
                (0, 0) => RolloutState::Completed,
            };
        }
        let status = RolloutStatus::new(Arc::clone(&self.id), &self.progress(now));
        self.tell(&mut log, || EventKind::Finished { status: status.clone() });
        (status, log.outcomes.iter_mut().filter_map(Option::take).collect())
    }

    /// The devices that are in no final state.
    pub(super) fn unsettled(&self) -> Vec<usize> {
        let log = lock(&self.log);
        log.states.iter().enumerate().filter(|(_, state)| !state.is_final()).map(|(index, _)| index).collect()
    }

    pub(super) fn progress(&self, now: Nanos) -> Progress {
        let (mut progress, last_due) = {
            let tally = lock(&self.tally);
            let mut progress = tally.counts.clone();
            let until = tally.ended.unwrap_or(now);
            progress.elapsed = tally.started.map_or(Duration::ZERO, |started| until.since(started));
            (progress, tally.last_due)
        };
        progress.bytes_sent = self.bytes.get();
        let last_due_in = if progress.deferred > 0 { last_due.since(now) } else { Duration::ZERO };
        progress.estimate(&self.times.snapshot(), self.concurrency, last_due_in);
        progress
    }

    fn shift(
        &self,
        log: &mut Log,
        index: usize,
        device: &str,
        to: DeviceState,
        detail: Detail,
        failure: Option<&Failure>,
    ) {
        let Some(state) = log.states.get_mut(index) else { return };
        let from = std::mem::replace(state, to);
        {
            let mut tally = lock(&self.tally);
            *tally.counts.count(from) -= 1;
            *tally.counts.count(to) += 1;
            if let Some(due) = detail.due {
                tally.last_due = tally.last_due.max(due);
            }
        }
        self.tell(log, || EventKind::Device {
            device: device.to_owned(),
            from,
            to,
            after: detail.after,
            failure: failure.cloned().map(Box::new),
        });
    }

    fn tell(&self, log: &mut Log, kind: impl FnOnce() -> EventKind) {
        log.seq += 1;
        let Some(observer) = &self.observer else { return };
        let at_ms = self.wall.wall().as_nanos() / 1_000_000;
        let event = Event { rollout: Arc::clone(&self.id), seq: log.seq, at_ms, kind: kind() };
        // An observer's panic must not cost a device its final state.
        if catch_unwind(AssertUnwindSafe(|| observer.on(&event))).is_err() {
            tracing::error!(rollout = &*self.id, seq = event.seq, "the observer of the rollout panicked");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

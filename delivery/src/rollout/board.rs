//! What is known of a rollout at any moment, as far as it is kept: counts, time, bytes, and how it ended.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use steadfast_clock::{Nanos, UnixNanos};
use steadfast_telemetry::{Counter, Histogram};

use crate::progress::{Ahead, Forecast, Outlook, Progress};
use crate::record::{DeviceState, EventKind, Hold, RolloutState, RolloutStatus};
use crate::store::{Change, DeviceChange, Spec};
use crate::window::{Window, Zone};

/// From so many devices on it is known how long they take.
const ENOUGH: u64 = 10;

/// What handles are told. Nothing is on it that is not kept.
pub(super) struct Board {
    id: Arc<str>,
    /// Taken for moments only, also by those whom an observer asks.
    tally: Mutex<Tally>,
    /// Bytes handed to connections by this driver.
    pub(super) bytes: Counter,
    /// How long devices that are done kept a worker busy, in nanoseconds.
    times: Histogram,
}

struct Tally {
    counts: Progress,
    concurrency: usize,
    phase: Option<u32>,
    hold: Option<Hold>,
    /// The artifact's length in bytes.
    artifact: u64,
    /// Bytes that earlier drivers sent.
    bytes_before: u64,
    started: Option<Nanos>,
    ended: Option<Nanos>,
    /// What the rest is like: phases that are not over, zones and their window.
    rest: Rest,
    forecast: Forecast,
    /// The latest time at which any device that was deferred may be called again, in milliseconds since 1970.
    last_due_ms: u64,
    /// How it ended.
    last: Option<RolloutStatus>,
}

/// What the rest of a rollout is like, as far as its end depends on it.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// The phases that are not over, the present one first.
    pub(super) phases: Vec<Ahead>,
    pub(super) window: Option<Window>,
    /// How many devices there were in which zone.
    pub(super) zones: Vec<(Zone, u64)>,
}

impl Board {
    pub(super) fn new(id: Arc<str>, devices: u64, concurrency: usize) -> Self {
        let tally = Tally {
            counts: Progress::new(devices),
            concurrency,
            phase: None,
            hold: None,
            artifact: 0,
            bytes_before: 0,
            started: None,
            ended: None,
            last_due_ms: 0,
            last: None,
            rest: Rest::default(),
            forecast: Forecast::default(),
        };
        Self { id, tally: Mutex::new(tally), bytes: Counter::new(), times: Histogram::new() }
    }

    /// Somebody begins to drive: what the store knows is what is known.
    pub(super) fn begin(&self, kept: &RolloutStatus, in_flight: (u64, u64), spec: &Spec, now: Nanos) {
        let mut tally = self.lock();
        (tally.artifact, tally.concurrency) = (spec.artifact.bytes, spec.concurrency);
        let counts = &mut tally.counts;
        counts.total = kept.total;
        counts.pending = kept.pending;
        counts.deferred = kept.deferred;
        (counts.pushing, counts.verifying) = in_flight;
        counts.succeeded = kept.succeeded;
        counts.failed = kept.failed;
        counts.skipped = kept.skipped;
        counts.cancelled = kept.cancelled;
        counts.state = kept.state;
        counts.bytes_confirmed = kept.bytes_confirmed;
        tally.phase = kept.phase;
        tally.hold.clone_from(&kept.hold);
        tally.bytes_before = kept.bytes_sent;
        tally.started = Some(now);
        (tally.ended, tally.last) = (None, None);
    }

    /// A change is kept.
    pub(super) fn kept(&self, change: &Change) {
        let mut tally = self.lock();
        self.apply(&mut tally, change);
    }

    /// Changes are kept.
    pub(super) fn kept_all(&self, changes: &[Change]) {
        let mut tally = self.lock();
        for change in changes {
            self.apply(&mut tally, change);
        }
    }

    /// Nobody drives it any more.
    pub(super) fn end(&self, status: &RolloutStatus, now: Nanos) {
        let mut tally = self.lock();
        tally.ended = Some(now);
        tally.counts.state = status.state;
        tally.last = Some(status.clone());
    }

    /// How long nine of ten devices took at most; `None` while too few are done.
    pub(super) fn takes(&self) -> Option<Duration> {
        let times = self.times.snapshot();
        (times.count() >= ENOUGH).then(|| times.quantile(0.9).map(Duration::from_nanos)).flatten()
    }

    /// So many devices are worked on at once from now on.
    pub(super) fn work_on(&self, at_once: usize) {
        self.lock().concurrency = at_once;
    }

    /// Nothing can be written any more: nothing is started until somebody takes it up.
    pub(super) fn broke(&self, now: Nanos) {
        let mut tally = self.lock();
        tally.ended = Some(now);
        if !tally.counts.state.is_final() {
            tally.counts.state = RolloutState::Paused;
            tally.hold = Some(Hold::Paused);
        }
    }

    /// What the rest is like.
    pub(super) fn rest(&self, rest: Rest) {
        self.lock().rest = rest;
    }

    /// Devices joined: so many in these zones.
    pub(super) fn more(&self, joined: Vec<(Zone, u64)>) {
        let zones = &mut self.lock().rest.zones;
        for (zone, devices) in joined {
            match zones.iter_mut().find(|(known, _)| *known == zone) {
                Some((_, known)) => *known += devices,
                None => zones.push((zone, devices)),
            }
        }
    }

    /// Which phases are not over.
    pub(super) fn phases(&self, phases: Vec<Ahead>) {
        self.lock().rest.phases = phases;
    }

    pub(super) fn progress(&self, now: Nanos, wall: UnixNanos) -> Progress {
        let mut tally = self.lock();
        self.progress_of(&mut tally, now, wall)
    }

    pub(super) fn status(&self, now: Nanos, wall: UnixNanos) -> RolloutStatus {
        let mut tally = self.lock();
        if let Some(last) = &tally.last {
            return last.clone();
        }
        let mut status = RolloutStatus::new(Arc::clone(&self.id), &self.progress_of(&mut tally, now, wall));
        status.phase = tally.phase;
        status.hold.clone_from(&tally.hold);
        status
    }

    fn progress_of(&self, tally: &mut Tally, now: Nanos, wall: UnixNanos) -> Progress {
        let mut progress = tally.counts.clone();
        let until = tally.ended.unwrap_or(now);
        progress.elapsed = tally.started.map_or(Duration::ZERO, |started| until.since(started));
        progress.at_once = tally.concurrency as u64;
        progress.bytes_sent = tally.bytes_before.saturating_add(self.bytes.get());
        let last_due = UnixNanos::from_nanos(tally.last_due_ms.saturating_mul(1_000_000));
        let outlook = Outlook {
            devices: progress.total.saturating_sub(progress.done()),
            failed: progress.failed,
            deferred: progress.deferred,
            last_due: (progress.deferred > 0).then_some(last_due),
            at_once: tally.concurrency,
            times: &self.times.snapshot(),
            phases: &tally.rest.phases,
            hold: tally.hold.as_ref(),
            window: tally.rest.window.as_ref(),
            zones: &tally.rest.zones,
        };
        progress.eta = tally.forecast.look(&outlook, wall);
        progress
    }

    fn apply(&self, tally: &mut Tally, change: &Change) {
        match change {
            Change::Device(change) => {
                let counts = &mut tally.counts;
                let from = counts.count(change.from);
                *from = from.saturating_sub(1);
                *counts.count(change.to) += 1;
                if took(change) {
                    counts.bytes_confirmed = counts.bytes_confirmed.saturating_add(tally.artifact);
                }
                if let Some(due_ms) = change.due_ms {
                    tally.last_due_ms = tally.last_due_ms.max(due_ms);
                }
                self.time(change);
            }
            Change::Rollout(change) => {
                if let Some((_, EventKind::Joined { devices })) = change.event {
                    tally.counts.total += devices;
                    tally.counts.pending += devices;
                }
                tally.counts.state = change.status.state;
                tally.phase = change.status.phase;
                tally.hold.clone_from(&change.status.hold);
            }
        }
    }

    fn time(&self, change: &DeviceChange) {
        if matches!(change.to, DeviceState::Succeeded | DeviceState::Failed) {
            let busy = change.outcome.as_ref().map_or(Duration::ZERO, |outcome| outcome.duration);
            self.times.record_duration(busy);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a device said that it took the artifact just now.
fn took(change: &DeviceChange) -> bool {
    let had = change.outcome.as_ref().is_some_and(|outcome| outcome.already_installed);
    change.from == DeviceState::Pushing && matches!(change.to, DeviceState::Verifying | DeviceState::Succeeded) && !had
}

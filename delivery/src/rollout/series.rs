//! What rollouts are counted by: series in a registry, for all rollouts that were given it together.

use std::time::Duration;

use steadfast_telemetry::{Counter, Gauge, Histogram, Key, Recorder, Registry};

use crate::push::DeferralReason;
use crate::record::DeviceState;
use crate::store::{Change, DeviceChange};

const DEVICES: &str = "delivery_devices";
const DEFERRALS: &str = "delivery_deferrals";
const DURATION: &str = "delivery_duration_ns";
const BYTES: &str = "delivery_bytes_sent";
const IN_FLIGHT: &str = "delivery_in_flight";
const AT_ONCE: &str = "delivery_at_once";

/// The instruments. Clones count into the same series.
#[derive(Clone)]
pub(super) struct Series {
    registry: Registry,
    succeeded: Counter,
    already_installed: Counter,
    skipped: Counter,
    cancelled: Counter,
    /// How long deliveries that succeeded kept a worker busy, and those that failed.
    durations: [Histogram; 2],
    /// Bytes handed to connections.
    pub(super) bytes: Counter,
    in_flight: Gauge,
    at_once: Gauge,
}

impl Series {
    pub(super) fn new(registry: Registry) -> Self {
        let devices = |outcome: &'static str| registry.counter(&Key::new(DEVICES).label("outcome", outcome));
        let duration = |outcome: &'static str| registry.histogram(&Key::new(DURATION).label("outcome", outcome));
        Self {
            succeeded: devices("succeeded"),
            already_installed: devices("already_installed"),
            skipped: devices("skipped"),
            cancelled: devices("cancelled"),
            durations: [duration("succeeded"), duration("failed")],
            bytes: registry.counter(&Key::new(BYTES)),
            in_flight: registry.gauge(&Key::new(IN_FLIGHT)),
            at_once: registry.gauge(&Key::new(AT_ONCE)),
            registry,
        }
    }

    /// Counts the devices that came to a final state, now that this is kept.
    pub(super) fn kept(&self, changes: &[Change]) {
        for change in changes {
            if let Change::Device(change) = change {
                self.device(change);
            }
        }
    }

    /// Counts a device that said "later".
    pub(super) fn deferred(&self, reason: DeferralReason) {
        self.registry.counter(&Key::new(DEFERRALS).label("reason", reason.as_str())).inc();
    }

    fn device(&self, change: &DeviceChange) {
        let outcome = change.outcome.as_deref();
        let took = outcome.map_or(Duration::ZERO, |outcome| outcome.duration);
        let [succeeded, failed] = &self.durations;
        match change.to {
            DeviceState::Succeeded if outcome.is_some_and(|outcome| outcome.already_installed) => {
                self.already_installed.inc();
            }
            DeviceState::Succeeded => {
                self.succeeded.inc();
                succeeded.record_duration(took);
            }
            DeviceState::Failed => {
                // Failures are few, and each class is looked up when there is one.
                let class = outcome.and_then(|outcome| outcome.failure.as_ref()).map(|failure| failure.class.as_str());
                let key = Key::new(DEVICES).label("outcome", "failed").label("class", class.unwrap_or("other"));
                self.registry.counter(&key).inc();
                failed.record_duration(took);
            }
            DeviceState::Skipped => self.skipped.inc(),
            DeviceState::Cancelled => self.cancelled.inc(),
            DeviceState::Pending | DeviceState::Deferred | DeviceState::Pushing | DeviceState::Verifying => {}
        }
    }
}

/// What one driver adds to the gauges; nothing any more when it is dropped.
pub(super) struct Levels {
    series: Option<Series>,
    /// What was told last.
    told: [usize; 2],
}

impl Levels {
    pub(super) fn new(series: Option<Series>) -> Self {
        Self { series, told: [0; 2] }
    }

    /// So many devices are in hands now, of so many at once.
    pub(super) fn tell(&mut self, in_flight: usize, at_once: usize) {
        if let Some(series) = &self.series {
            let told = std::mem::replace(&mut self.told, [in_flight, at_once]);
            change(&series.in_flight, told[0], in_flight);
            change(&series.at_once, told[1], at_once);
        }
    }
}

impl Drop for Levels {
    fn drop(&mut self) {
        self.tell(0, 0);
    }
}

/// Several drivers may count into one gauge.
fn change(gauge: &Gauge, from: usize, to: usize) {
    let step = |by: usize| i64::try_from(by).unwrap_or(i64::MAX);
    if to > from {
        gauge.add(step(to - from));
    } else if from > to {
        gauge.sub(step(from - to));
    }
}

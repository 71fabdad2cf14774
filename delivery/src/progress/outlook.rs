//! What is known of the rest of a rollout, and when it would be done if all goes on like this.

use std::time::Duration;

use steadfast_clock::UnixNanos;
use steadfast_telemetry::HistogramSnapshot;

use super::timeline::{Step, Timeline, Work};
use crate::record::Hold;
use crate::window::{Window, Zone};

/// What is known of the rest of a rollout.
#[derive(Clone, Debug)]
pub(crate) struct Outlook<'a> {
    /// Devices in no final state.
    pub(crate) devices: u64,
    /// Devices that failed.
    pub(crate) failed: u64,
    /// Devices that said "later".
    pub(crate) deferred: u64,
    /// When the last of these may be called again.
    pub(crate) last_due: Option<UnixNanos>,
    /// How many are worked on at once.
    pub(crate) at_once: usize,
    /// How long those that are done kept a worker busy, in nanoseconds.
    pub(crate) times: &'a HistogramSnapshot,
    /// The phases that are not over, the present one first; empty: there is one, without a soak.
    pub(crate) phases: &'a [Ahead],
    /// What keeps it from starting devices.
    pub(crate) hold: Option<&'a Hold>,
    /// When devices may be worked on.
    pub(crate) window: Option<&'a Window>,
    /// How many of the devices are in which zone.
    pub(crate) zones: &'a [(Zone, u64)],
}

/// A phase that is not over.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ahead {
    /// Its devices in no final state.
    pub(crate) devices: u64,
    /// How long it is watched.
    pub(crate) soak: Duration,
}

/// When it would be done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finish {
    pub(super) p50: UnixNanos,
    pub(super) p90: UnixNanos,
    /// How long nothing is done because windows are closed.
    pub(super) closed: Duration,
    /// What the last devices take: nothing is known better than that.
    pub(super) grain: Duration,
}

/// The quantile of the normal distribution at 0.9.
const Z90: f64 = 1.2816;

impl Outlook<'_> {
    /// Whether it waits for somebody: then nobody knows for how long.
    pub(super) fn waits(&self) -> bool {
        self.hold.is_some_and(waits_for_somebody)
    }

    /// When it would be done; `None` if nothing is known of what a device takes, it waits for somebody, or no end is in
    /// sight.
    ///
    /// Devices are worked off at the mean rate. At the 90th percentile the mean is that of 1.28 standard errors above,
    /// and the sum of all has 1.28 of its standard deviations more. What the last ones take, as many as are worked on at
    /// once, is the quantile of the longest of them.
    pub(super) fn finish(&self, now: UnixNanos) -> Option<Finish> {
        if self.waits() {
            return None;
        }
        let (known, mean) = (self.times.count() as f64, self.times.mean()?);
        let deviation = deviation(self.times, mean);
        let at_once = (self.at_once as f64).max(1.0);
        let together = (self.devices as f64).clamp(1.0, at_once);
        let longest =
            |quantile: f64| self.times.quantile(f64::powf(quantile, 1.0 / together)).map(Duration::from_nanos);
        let (last50, last90) = (longest(0.5)?, longest(0.9)?);
        let spread = nanos(Z90 * deviation * (self.devices as f64 - together).max(0.0).sqrt() / at_once);
        let p50 = self.carried_out(now, nanos(mean), last50);
        let p90 = self.carried_out(now, nanos(mean + Z90 * deviation / known.sqrt()), last90);
        let called = |last: Duration| match self.deferred {
            0 => UnixNanos::EPOCH,
            _ => self.last_due.unwrap_or(UnixNanos::EPOCH).max(now).saturating_add(last),
        };
        let (first, one50, one90) = (p50.end()?, self.times.quantile(0.5)?, self.times.quantile(0.9)?);
        let p50_end = first.max(called(Duration::from_nanos(one50)));
        let p90_end = p90.end()?.saturating_add(spread).max(called(Duration::from_nanos(one90)));
        Some(Finish { p50: p50_end, p90: p90_end.max(p50_end), closed: p50.closed, grain: last50 })
    }

    fn carried_out(&self, now: UnixNanos, each: Duration, last: Duration) -> Timeline {
        let millis = |ms: u64| UnixNanos::from_nanos(ms.saturating_mul(1_000_000));
        let mut steps: Vec<Step> = match self.phases {
            [] => vec![Step { devices: self.devices, ..Step::default() }],
            phases => {
                phases.iter().map(|ahead| Step { devices: ahead.devices, not_before: None, soak: ahead.soak }).collect()
            }
        };
        match (self.hold, steps.first_mut()) {
            (Some(Hold::Scheduled { until_ms }), Some(first)) => first.not_before = Some(millis(*until_ms)),
            (Some(Hold::Soaking { until_ms, .. }), Some(first)) => {
                (first.not_before, first.soak) = (Some(millis(*until_ms)), Duration::ZERO);
            }
            _ => {}
        }
        let fits = Duration::from_nanos(self.times.quantile(0.9).unwrap_or(0));
        let at_once = self.at_once as f64;
        Timeline::of(&Work { steps, each, last, at_once, window: self.window, zones: self.zones, fits }, now)
    }
}

/// Whether a hold ends when somebody does something, or never.
pub(super) fn waits_for_somebody(hold: &Hold) -> bool {
    match hold {
        Hold::Paused | Hold::AwaitingApproval { .. } | Hold::AwaitingDevices => true,
        Hold::WindowClosed { until_ms } => until_ms.is_none(),
        Hold::Scheduled { .. } | Hold::Soaking { .. } => false,
    }
}

/// The standard deviation of what was seen, each value taken for the middle of its bucket.
fn deviation(times: &HistogramSnapshot, mean: f64) -> f64 {
    let square = |(low, high, n): (u64, u64, u64)| ((low as f64 + high as f64) / 2.0 - mean).powi(2) * n as f64;
    let count = times.count() as f64;
    if count < 2.0 { 0.0 } else { (times.buckets().map(square).sum::<f64>() / (count - 1.0)).sqrt() }
}

fn nanos(nanos: f64) -> Duration {
    Duration::try_from_secs_f64(nanos / 1e9).unwrap_or(Duration::MAX)
}

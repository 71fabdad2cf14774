//! How far a rollout is, and how long it will still take.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use steadfast_telemetry::HistogramSnapshot;

use crate::record::{DeviceState, RolloutState};

/// How far a rollout is. Its cost does not depend on the number of devices.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// The rollout's state.
    pub state: RolloutState,
    /// All devices.
    pub total: u64,
    /// Devices whose turn has not come.
    pub pending: u64,
    /// Devices that said "later".
    pub deferred: u64,
    /// Devices that are being pushed to.
    pub pushing: u64,
    /// Devices that are being verified.
    pub verifying: u64,
    /// Devices that succeeded.
    pub succeeded: u64,
    /// Devices that failed.
    pub failed: u64,
    /// Devices that were skipped.
    pub skipped: u64,
    /// Devices that were cancelled.
    pub cancelled: u64,
    /// Bytes of the artifact handed to connections, those of failed attempts too.
    pub bytes_sent: u64,
    /// From the start until now, or until the end.
    pub elapsed: Duration,
    /// The time that is left.
    pub eta: Eta,
}

/// The time that is left, as quantiles: half of the time it is less than `p50`, nine times of ten less than `p90`, as
/// far as the devices to come are like those that are done.
///
/// Both are `None` as long as no device is done, and zero when all are. They are a device's time in hands, taken at the
/// quantile, times the devices that remain, over how many are worked on at once; and never before the last deferred
/// device may be called again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Eta {
    /// The median.
    #[serde(with = "crate::attempt::maybe_seconds")]
    pub p50: Option<Duration>,
    /// The 90th percentile.
    #[serde(with = "crate::attempt::maybe_seconds")]
    pub p90: Option<Duration>,
}

impl Progress {
    pub(crate) fn new(total: u64) -> Self {
        Self {
            state: RolloutState::Scheduled,
            total,
            pending: total,
            deferred: 0,
            pushing: 0,
            verifying: 0,
            succeeded: 0,
            failed: 0,
            skipped: 0,
            cancelled: 0,
            bytes_sent: 0,
            elapsed: Duration::ZERO,
            eta: Eta::default(),
        }
    }

    /// Devices that are being worked on.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.pushing + self.verifying
    }

    /// Devices in a final state.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.succeeded + self.failed + self.skipped + self.cancelled
    }

    /// Devices that succeeded or failed, for each second; `None` before any time has passed.
    #[must_use]
    pub fn devices_per_s(&self) -> Option<f64> {
        per_second(self.succeeded + self.failed, self.elapsed)
    }

    /// Bytes sent, for each second; `None` before any time has passed.
    #[must_use]
    pub fn bytes_per_s(&self) -> Option<f64> {
        per_second(self.bytes_sent, self.elapsed)
    }

    pub(crate) fn count(&mut self, state: DeviceState) -> &mut u64 {
        match state {
            DeviceState::Pending => &mut self.pending,
            DeviceState::Deferred => &mut self.deferred,
            DeviceState::Pushing => &mut self.pushing,
            DeviceState::Verifying => &mut self.verifying,
            DeviceState::Succeeded => &mut self.succeeded,
            DeviceState::Failed => &mut self.failed,
            DeviceState::Skipped => &mut self.skipped,
            DeviceState::Cancelled => &mut self.cancelled,
        }
    }

    /// Estimates the time that is left from the times of those that are done.
    pub(crate) fn estimate(&mut self, times: &HistogramSnapshot, concurrency: usize, last_due_in: Duration) {
        let remaining = self.total.saturating_sub(self.done());
        let rounds = (remaining as f64 / concurrency as f64).max(1.0);
        let at = |quantile: f64| {
            if remaining == 0 {
                return Some(Duration::ZERO);
            }
            let seconds = Duration::from_nanos(times.quantile(quantile)?).as_secs_f64() * rounds;
            Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX).max(last_due_in))
        };
        self.eta = Eta { p50: at(0.5), p90: at(0.9) };
    }
}

fn per_second(n: u64, elapsed: Duration) -> Option<f64> {
    let seconds = elapsed.as_secs_f64();
    (seconds > 0.0).then(|| n as f64 / seconds)
}

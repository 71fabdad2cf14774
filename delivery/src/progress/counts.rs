//! How far a rollout is.

use std::time::Duration;

use super::Eta;
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
    /// How many devices are worked on at once at most: the plan's concurrency, or fewer while the other side has too much
    /// to do.
    pub at_once: u64,
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
    /// Bytes of the artifact that devices said to have taken: its length for each that did. What is left of
    /// `bytes_sent` is on its way, or was sent in vain; compressed or taken up again, less is sent than is taken.
    pub bytes_confirmed: u64,
    /// From the start until now, or until the end.
    pub elapsed: Duration,
    /// The time that is left.
    pub eta: Eta,
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
            at_once: 0,
            succeeded: 0,
            failed: 0,
            skipped: 0,
            cancelled: 0,
            bytes_sent: 0,
            bytes_confirmed: 0,
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
}

fn per_second(n: u64, elapsed: Duration) -> Option<f64> {
    let seconds = elapsed.as_secs_f64();
    (seconds > 0.0).then(|| n as f64 / seconds)
}

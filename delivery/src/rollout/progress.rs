//! How far a rollout is, and how long it will still take.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::record::{DeviceState, Hold, RolloutState};

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
    /// From the start until now, or until the end.
    pub elapsed: Duration,
    /// The time that is left.
    pub eta: Eta,
}

/// The time that is left, as quantiles: half of the time it is less than `p50`, nine times of ten less than `p90`, as
/// far as the devices to come are like those that are done.
///
/// Both are `None` as long as no device is done, or while the rollout waits for somebody, and zero when all are done. The
/// rest of the rollout is carried out in thought: so many devices at once, each as long as those that are done, phase by
/// phase with their soaks, while windows are open, and no deferred device before it may be called again. Approvals to
/// come are taken to be given at once.
///
/// The end that follows, now and so much time, never moves away without a reason: as long as there is none it is at no
/// later time than it was ever told to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Eta {
    /// The median.
    #[serde(with = "crate::attempt::maybe_seconds")]
    pub p50: Option<Duration>,
    /// The 90th percentile.
    #[serde(with = "crate::attempt::maybe_seconds")]
    pub p90: Option<Duration>,
    /// Why the end is later than it was told to be, or why it cannot be told any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub later: Option<Later>,
}

/// Why the end of a rollout is later than it was told to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Later {
    /// It was paused.
    Paused,
    /// A phase waited for approval.
    Approval,
    /// Devices were waited for.
    DevicesOffline,
    /// Devices wait for a later opening of their window.
    WindowClosed,
    /// There are more devices: they joined, or are tried again.
    MoreDevices,
    /// Fewer devices are worked on at once.
    FewerAtOnce,
    /// Devices said "later".
    Deferred,
    /// Devices failed, which took its time.
    Failures,
    /// Devices take longer than those before them.
    Slower,
}

impl Eta {
    pub(crate) fn of(p50: Option<Duration>, p90: Option<Duration>, later: Option<Later>) -> Self {
        Self { p50, p90, later }
    }
}

impl Later {
    pub(crate) fn of(hold: &Hold) -> Self {
        match hold {
            Hold::AwaitingApproval { .. } => Self::Approval,
            Hold::AwaitingDevices => Self::DevicesOffline,
            Hold::WindowClosed { .. } => Self::WindowClosed,
            Hold::Paused | Hold::Scheduled { .. } | Hold::Soaking { .. } => Self::Paused,
        }
    }

    /// The name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Approval => "approval",
            Self::DevicesOffline => "devices_offline",
            Self::WindowClosed => "window_closed",
            Self::MoreDevices => "more_devices",
            Self::FewerAtOnce => "fewer_at_once",
            Self::Deferred => "deferred",
            Self::Failures => "failures",
            Self::Slower => "slower",
        }
    }
}

impl fmt::Display for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Paused => "it was paused",
            Self::Approval => "it waited for approval",
            Self::DevicesOffline => "devices were waited for",
            Self::WindowClosed => "the window closed",
            Self::MoreDevices => "there are more devices",
            Self::FewerAtOnce => "fewer devices at once",
            Self::Deferred => "devices said \"later\"",
            Self::Failures => "devices failed",
            Self::Slower => "devices take longer",
        })
    }
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

//! The time that is left of a rollout, as it is told.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::record::Hold;

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
    /// Nothing is left.
    pub(crate) const DONE: Self = Self { p50: Some(Duration::ZERO), p90: Some(Duration::ZERO), later: None };

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

//! The states of devices and rollouts.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::failure::Stage;

/// Where a device is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeviceState {
    /// Its turn has not come.
    Pending,
    /// It said "later" and is left alone for as long as it asked.
    Deferred,
    /// The artifact is on its way to it.
    Pushing,
    /// It is asked for its version.
    Verifying,
    /// It took the artifact, and reports the expected version if it was asked.
    Succeeded,
    /// It was not updated; a [`Failure`](crate::Failure) says why.
    Failed,
    /// It was offline: nothing was sent.
    Skipped,
    /// The rollout was cancelled before it was done.
    Cancelled,
}

impl DeviceState {
    /// Whether nothing follows.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Skipped | Self::Cancelled)
    }

    /// The name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Deferred => "deferred",
            Self::Pushing => "pushing",
            Self::Verifying => "verifying",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for DeviceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Stage> for DeviceState {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Pushing => Self::Pushing,
            Stage::Verifying => Self::Verifying,
        }
    }
}

/// Where a rollout is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RolloutState {
    /// It has not started.
    Scheduled,
    /// Its devices are being worked on.
    Running,
    /// No device is started until somebody says so.
    Paused,
    /// All devices are in a final state, none failed.
    Completed,
    /// All devices are in a final state, at least one failed.
    Failed,
    /// It was cancelled before all devices were done.
    Cancelled,
}

impl RolloutState {
    /// Whether nothing follows.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// The name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for RolloutState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

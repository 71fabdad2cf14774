//! What keeps a running rollout from starting devices.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why no device is started although some are pending. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Hold {
    /// An operator, or a gate that was not passed, paused it.
    Paused,
    /// Its start time has not come.
    Scheduled {
        /// When it comes.
        until_ms: u64,
    },
    /// A phase is done and is watched before the next one.
    Soaking {
        /// Which phase, from 1.
        phase: u32,
        /// When it was watched long enough.
        until_ms: u64,
    },
    /// A phase may begin only when somebody approves.
    AwaitingApproval {
        /// Which phase, from 1.
        phase: u32,
    },
    /// The maintenance window of every device that is left is closed.
    WindowClosed {
        /// When the first one opens; `None` when none ever does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_ms: Option<u64>,
    },
    /// Every device that is left is offline, and is waited for.
    AwaitingDevices,
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused => f.write_str("paused"),
            Self::Scheduled { .. } => f.write_str("its start time has not come"),
            Self::Soaking { phase, .. } => write!(f, "phase {phase} is being watched"),
            Self::AwaitingApproval { phase } => write!(f, "phase {phase} waits for approval"),
            Self::WindowClosed { until_ms: Some(_) } => f.write_str("the maintenance window is closed"),
            Self::WindowClosed { until_ms: None } => f.write_str("no maintenance window opens any more"),
            Self::AwaitingDevices => f.write_str("all devices that are left are offline"),
        }
    }
}

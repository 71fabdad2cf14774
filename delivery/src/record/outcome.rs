//! What came of a device, and of the whole rollout.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{DeviceState, RolloutStatus};
use crate::attempt::Attempt;
use crate::failure::Failure;

/// What came of one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outcome {
    /// The device's id.
    pub device: String,
    /// Its final state.
    pub state: DeviceState,
    /// Requests sent, those that were put off not counted; push and verification together.
    pub attempts: u32,
    /// How often it said "later".
    pub deferrals: u32,
    /// Bytes of the artifact handed to its connections, those of failed attempts too.
    pub bytes_sent: u64,
    /// How long it kept a worker busy; waits of deferrals are not part of it.
    #[serde(rename = "duration_s", with = "crate::attempt::seconds")]
    pub duration: Duration,
    /// The version that it reported, if it was asked and succeeded, or was skipped since it runs something newer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether it ran the version before anything was sent to it by this rollout's last driver.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub already_installed: bool,
    /// Why it failed, or what a cancelled one was doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The attempts of a device without a failure; a failure has its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ledger: Vec<Attempt>,
}

impl Outcome {
    /// The outcome of a device to which nothing was sent.
    #[must_use]
    pub fn new(device: impl Into<String>, state: DeviceState) -> Self {
        Self {
            device: device.into(),
            state,
            attempts: 0,
            deferrals: 0,
            bytes_sent: 0,
            duration: Duration::ZERO,
            version: None,
            already_installed: false,
            failure: None,
            ledger: Vec::new(),
        }
    }

    /// The attempts, whether it failed or not.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        self.failure.as_ref().map_or(&self.ledger, |failure| &failure.attempts)
    }
}

/// What came of a rollout. What came of each of its devices is in its store: see
/// [`Handle::outcomes`](crate::Handle::outcomes).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// Where it stands at its end, or when it was left.
    pub status: RolloutStatus,
    /// Devices that failed, in the order of the plan: the first 1,000.
    pub failed: Vec<Outcome>,
    /// What came of the rollout that took this one back, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Box<Self>>,
}

impl Report {
    pub(crate) fn new(status: RolloutStatus, failed: Vec<Outcome>) -> Self {
        Self { status, failed, rollback: None }
    }

    /// The devices that failed, in the order of the plan: the first 1,000.
    pub fn failures(&self) -> impl Iterator<Item = &Outcome> {
        self.failed.iter()
    }
}

//! The report of a rollout's state, in the shape in which it is printed and persisted.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Hold, RolloutState};
use crate::progress::{Eta, Progress};

/// Where a rollout stands. The counters sum to `total`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RolloutStatus {
    /// The rollout's id.
    pub id: Arc<str>,
    /// Its state.
    pub state: RolloutState,
    /// All devices.
    pub total: u64,
    /// Devices that succeeded.
    pub succeeded: u64,
    /// Devices that failed.
    pub failed: u64,
    /// Devices that were skipped.
    pub skipped: u64,
    /// Devices that were cancelled.
    pub cancelled: u64,
    /// Devices whose turn has not come.
    pub pending: u64,
    /// Devices that said "later".
    pub deferred: u64,
    /// Devices that are being pushed to or verified.
    pub in_flight: u64,
    /// Bytes of the artifact handed to connections, those of failed attempts too.
    pub bytes_sent: u64,
    /// Bytes of the artifact that devices said to have taken: its length for each that did.
    #[serde(default)]
    pub bytes_confirmed: u64,
    /// Devices that succeeded or failed, for each second since the start; `None` before any time has passed.
    pub rate_per_s: Option<f64>,
    /// The time that is left.
    pub eta_s: Eta,
    /// The phase that it is in, from 1; `None` before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<u32>,
    /// What keeps it from starting devices, if anything does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
}

impl RolloutStatus {
    pub(crate) fn new(id: Arc<str>, progress: &Progress) -> Self {
        Self {
            id,
            state: progress.state,
            total: progress.total,
            succeeded: progress.succeeded,
            failed: progress.failed,
            skipped: progress.skipped,
            cancelled: progress.cancelled,
            pending: progress.pending,
            deferred: progress.deferred,
            in_flight: progress.in_flight(),
            bytes_sent: progress.bytes_sent,
            bytes_confirmed: progress.bytes_confirmed,
            rate_per_s: progress.devices_per_s(),
            eta_s: progress.eta,
            phase: None,
            hold: None,
        }
    }
}

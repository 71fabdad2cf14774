//! What a machine needs, besides the states of its devices, to go on in another process.

use serde::{Deserialize, Serialize};

use crate::record::RolloutState;

/// What a machine needs, besides the states of its devices, to go on in another process. Of the order of its phases.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct EngineState {
    /// How many devices there were at the start: shares are of these.
    pub(super) planned: u32,
    /// Whether its start time has come.
    pub(super) started: bool,
    /// Why no device is started, if somebody or something stopped that.
    pub(super) paused: Option<Paused>,
    /// How it comes to its end before its devices do.
    pub(super) ending: Option<Ending>,
    /// How it ended.
    pub(super) ended: Option<RolloutState>,
}

/// Who paused a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Paused {
    /// Somebody.
    Operator,
}

/// How a rollout comes to its end before its devices do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ending {
    /// What is not done is cancelled.
    Cancel,
}

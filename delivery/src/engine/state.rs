//! What a machine needs, besides the states of its devices, to go on in another process.

use serde::{Deserialize, Serialize};
use steadfast_clock::UnixNanos;

use crate::record::RolloutState;

/// What a machine needs, besides the states of its devices, to go on in another process: a few numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct EngineState {
    /// How many devices there were at the start: shares are of these.
    pub(super) planned: u32,
    /// When it started, in nanoseconds since 1970.
    pub(super) started: Option<u64>,
    /// In which phase it is, from 0.
    pub(super) phase: u32,
    /// How far that one is.
    pub(super) stage: Stage,
    /// Why no device is started, if somebody or something stopped that.
    pub(super) paused: Option<Paused>,
    /// Whether what is not done is cancelled.
    pub(super) cancelling: bool,
    /// Whether the devices that were pushed to get the earlier artifact.
    pub(super) rolls_back: bool,
    /// How it ended.
    pub(super) ended: Option<RolloutState>,
}

/// How far a phase is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub(super) enum Stage {
    /// It has not begun.
    Ahead {
        /// Whether somebody was asked to approve.
        asked: bool,
        /// Whether somebody did.
        approved: bool,
    },
    /// Its devices are started.
    Running {
        /// Whether its gates are read.
        gated: bool,
        /// Whether it is watched when its devices are done.
        watched: bool,
    },
    /// It is watched. Times in nanoseconds since 1970.
    Soaking { since: u64, until: u64, gated: bool },
    /// A gate of it is not passed.
    Stopped {
        /// Whether it had been watched long enough.
        watched: bool,
    },
    /// It is over, and was the last.
    Over,
}

/// Who paused a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Paused {
    /// Somebody.
    Operator,
    /// A gate that was not passed.
    Gate,
}

impl EngineState {
    /// The state before the start.
    pub(super) fn new(planned: u32) -> Self {
        Self { planned, ..Self::default() }
    }

    pub(super) fn index(&self) -> usize {
        self.phase as usize
    }

    pub(super) fn started_at(&self) -> Option<UnixNanos> {
        self.started.map(UnixNanos::from_nanos)
    }
}

impl Default for Stage {
    fn default() -> Self {
        Self::Ahead { asked: false, approved: false }
    }
}

impl Stage {
    /// A phase whose devices are started, with all that was asked for.
    pub(super) const RUNNING: Self = Self::Running { gated: true, watched: true };
}

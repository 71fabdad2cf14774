//! What is written while a rollout runs.

use std::sync::Arc;

use serde_json::Value;

use super::Place;
use crate::record::{DeviceState, EventKind, Outcome, RolloutStatus};

/// One thing that happened. Each that has a number is an event, and is told under that number.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// A device goes from one state to another.
    Device(DeviceChange),
    /// The rollout itself goes on.
    Rollout(Box<RolloutChange>),
}

/// A device goes from one state to another.
///
/// What is kept of the device is what its last change says, and nothing of before: what is to stay is said again.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DeviceChange {
    /// The number of the event.
    pub seq: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// Which device.
    pub place: Place,
    /// Its id.
    pub device: Arc<str>,
    /// From which state.
    pub from: DeviceState,
    /// To which state.
    pub to: DeviceState,
    /// When a deferred device may be called again, in milliseconds since 1970.
    pub due_ms: Option<u64>,
    /// What a deferred device asked for, in milliseconds.
    pub after_ms: Option<u64>,
    /// Attempts that count, and deferrals, so far.
    pub tried: (u32, u32),
    /// When it was first deferred, in milliseconds since 1970.
    pub first_deferred_ms: Option<u64>,
    /// What its push wants to be told when it goes on, such as the place of an upload; at most 2 KiB.
    pub token: Option<Arc<str>>,
    /// What came of it, when the state is final. Of one that was only pushed or skipped this is `None`, too, when there
    /// is nothing to tell but the state.
    pub outcome: Option<Box<Outcome>>,
}

/// The rollout itself goes on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RolloutChange {
    /// The number of the event, and the event; `None` when only figures are written.
    pub event: Option<(u64, EventKind)>,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// Where it stands, for those who only read.
    pub status: RolloutStatus,
    /// What the engine needs to go on: phases, soaks, approvals.
    pub engine: Value,
    /// The number of the last command that was carried out.
    pub commands_done: u64,
}

impl DeviceChange {
    /// A device goes from one state to another.
    #[must_use]
    pub fn new(seq: u64, at_ms: u64, place: Place, device: Arc<str>, from: DeviceState, to: DeviceState) -> Self {
        Self {
            seq,
            at_ms,
            place,
            device,
            from,
            to,
            due_ms: None,
            after_ms: None,
            tried: (0, 0),
            first_deferred_ms: None,
            token: None,
            outcome: None,
        }
    }
}

impl RolloutChange {
    /// The rollout goes on.
    #[must_use]
    pub fn new(event: Option<(u64, EventKind)>, at_ms: u64, status: RolloutStatus, engine: Value, done: u64) -> Self {
        Self { event, at_ms, status, engine, commands_done: done }
    }
}

//! What happens in a rollout, told in order.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{DeviceState, RolloutStatus};
use crate::failure::Failure;

/// Something that happened in a rollout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// The rollout's id.
    pub rollout: Arc<str>,
    /// 1 for the rollout's first event, without gaps.
    pub seq: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// The rollout starts. Its first event.
    Started {
        /// How many devices it has.
        total: u64,
        /// The version that is delivered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<Arc<str>>,
        /// The artifact's length in bytes.
        bytes: u64,
        /// The artifact's SHA-256 in hexadecimal digits.
        sha256: String,
    },
    /// A device goes from one state to another.
    Device {
        /// The device's id.
        device: String,
        /// From which state.
        from: DeviceState,
        /// To which state.
        to: DeviceState,
        /// How long a deferred device asked to be left alone.
        #[serde(
            default,
            rename = "after_s",
            with = "crate::attempt::maybe_seconds",
            skip_serializing_if = "Option::is_none"
        )]
        after: Option<Duration>,
        /// Why it failed, or what a cancelled one was doing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Box<Failure>>,
    },
    /// A phase begins: its devices are started from now on.
    PhaseStarted {
        /// Which, from 1.
        phase: u32,
        /// How many devices it holds.
        devices: u64,
    },
    /// A phase waits for somebody's approval before it begins.
    AwaitingApproval {
        /// Which, from 1.
        phase: u32,
    },
    /// A phase was approved.
    Approved {
        /// Which, from 1.
        phase: u32,
        /// By whom, if that was told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// The devices of a phase are done; it is watched.
    Soaking {
        /// Which, from 1.
        phase: u32,
        /// Until when, in milliseconds since 1970.
        until_ms: u64,
    },
    /// A phase is over, and its gates are passed or were skipped.
    PhasePassed {
        /// Which, from 1.
        phase: u32,
        /// Whether somebody skipped what was left of it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        skipped: bool,
    },
    /// A gate is not passed.
    GateFailed {
        /// Of which phase, from 1.
        phase: u32,
        /// What was asked and what was found, in one line.
        reason: String,
    },
    /// No further device is started.
    Paused {
        /// Why, in one line.
        reason: String,
    },
    /// Devices are started again.
    Resumed,
    /// The rollout is being cancelled.
    Cancelling {
        /// Why, in one line.
        reason: String,
    },
    /// The devices that were pushed to get an earlier artifact, by a rollout of their own.
    RollingBack {
        /// The id of that rollout.
        rollout: String,
    },
    /// Somebody drives the rollout: its start, or its continuation after the last driver stopped.
    Driven {
        /// Who: host and process.
        by: String,
        /// How many devices were in flight when the last driver stopped. They are verified before they are pushed to
        /// again.
        recovered: u64,
    },
    /// Failed devices are pending again.
    Retried {
        /// How many.
        devices: u64,
    },
    /// Devices that appeared in the fleet after the start take part from now on. Not told when the driver died in the
    /// moment after they were added; the total tells, then.
    Joined {
        /// How many.
        devices: u64,
    },
    /// All devices are in a final state. The rollout's last event, but for a retry.
    Finished {
        /// What came of it.
        status: RolloutStatus,
    },
}

/// Is told what happens.
///
/// Calls come one at a time and in order, from whatever thread; what a [`Handle`](crate::Handle) tells within a call
/// includes the event. They are on the path of the workers: return soon. A panic is caught and has no effect.
pub trait Observer: Send + Sync {
    /// One event.
    fn on(&self, event: &Event);
}

impl<F: Fn(&Event) + Send + Sync> Observer for F {
    fn on(&self, event: &Event) {
        self(event);
    }
}

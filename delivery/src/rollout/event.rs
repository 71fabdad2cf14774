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
    /// All devices are in a final state. The rollout's last event.
    Finished {
        /// What came of it.
        status: RolloutStatus,
    },
}

/// Is told what happens.
///
/// Calls come one at a time and in order, from whatever thread; what a [`Handle`](super::Handle) tells within a call
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

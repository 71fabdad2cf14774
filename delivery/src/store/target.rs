//! What is kept of a device: in the inventory, and in a rollout.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::device::Device;
use crate::failure::FailureClass;
use crate::record::DeviceState;

/// The place of a device in its rollout, from 0, in the order in which they are started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[expect(clippy::exhaustive_structs, reason = "a number with a name")]
pub struct Place(pub u32);

/// What is known of one device of a rollout without reading its record: a few bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TargetState {
    /// Its state.
    pub state: DeviceState,
    /// Why it failed, if it did.
    pub class: Option<FailureClass>,
    /// When a deferred one may be called again, in milliseconds since 1970; else 0.
    pub due_ms: u64,
}

/// A device of a rollout, as it is worked on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Target {
    /// Its place.
    pub place: Place,
    /// Who it is.
    pub device: Device,
    /// Its state.
    pub state: DeviceState,
    /// The state that it was in before: one that was deferred while it was verified has the artifact already. Pending
    /// for one to which nothing happened.
    pub before: DeviceState,
    /// Attempts that count, and deferrals, so far.
    pub tried: (u32, u32),
    /// When it was first deferred, in milliseconds since 1970.
    pub first_deferred_ms: Option<u64>,
    /// What its push wanted to be told when it goes on.
    pub token: Option<Arc<str>>,
}

/// A device was heard of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Heartbeat {
    /// Its id.
    pub device: String,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// Where it is reached now, if that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What it runs, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware_version: Option<String>,
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Imported {
    /// Devices that were not there before.
    pub added: u64,
    /// Devices that were there, with another record.
    pub changed: u64,
    /// Devices that were there just so.
    pub unchanged: u64,
}

impl TargetState {
    /// What is known of a device.
    #[must_use]
    pub fn new(state: DeviceState, class: Option<FailureClass>, due_ms: u64) -> Self {
        Self { state, class, due_ms }
    }
}

impl Target {
    /// A device that was not tried yet.
    #[must_use]
    pub fn new(place: Place, device: Device, state: DeviceState) -> Self {
        Self { place, device, state, before: DeviceState::Pending, tried: (0, 0), first_deferred_ms: None, token: None }
    }
}

impl Heartbeat {
    /// A device was heard of.
    #[must_use]
    pub fn new(device: impl Into<String>, at_ms: u64) -> Self {
        Self { device: device.into(), at_ms, address: None, firmware_version: None }
    }
}

impl Imported {
    /// What an import did.
    #[must_use]
    pub fn new(added: u64, changed: u64, unchanged: u64) -> Self {
        Self { added, changed, unchanged }
    }
}

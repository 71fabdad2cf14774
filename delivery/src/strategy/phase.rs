//! A step of a rollout: so many devices, how long they are watched, and what must be true before the next.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Gate;

/// A step of a rollout.
///
/// Its share is cumulative: phases of 10, 50 and 100 percent of 200 devices hold 20, 80 and 100 of them. The last one must
/// reach 100.
///
/// It begins when the one before is passed: approved first, if it asks for that. It is over when its devices are in final
/// states; then it is watched, then its gates are read. Devices that are offline and waited for do not keep it from being
/// over once every gate has its sample; they are worked on when they are heard from. The last phase is over when all
/// devices of the rollout are done, and its gates decide whether the rollout has failed. A phase that holds no device
/// passes at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Phase {
    /// For people, such as `canary`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The share of all devices that is reached when the phase is done, in percent: above that of the phase before, at
    /// most 100. Rounded up to whole devices.
    pub percent: f64,
    /// How long the phase is watched after its last device is done, before its gate is read for the last time.
    #[serde(default, with = "crate::attempt::seconds", rename = "soak_s")]
    pub soak: Duration,
    /// What must be true after the soak; all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<Gate>,
    /// What happens when a gate is not passed.
    #[serde(default)]
    pub on_failure: OnFailure,
    /// Whether somebody must approve before the phase begins.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approval: bool,
}

/// What happens when a gate is not passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OnFailure {
    /// No further device is started until somebody says so.
    #[default]
    Pause,
    /// The rollout is cancelled.
    Cancel,
    /// The rollout is cancelled, and every device that was pushed to gets the artifact that the plan names for this.
    RollBack,
}

impl Phase {
    /// A phase that reaches this share of all devices, in percent, without soak and gate.
    #[must_use]
    pub fn percent(percent: f64) -> Self {
        Self {
            name: None,
            percent,
            soak: Duration::ZERO,
            gates: Vec::new(),
            on_failure: OnFailure::Pause,
            approval: false,
        }
    }

    /// Names it.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets how long it is watched.
    #[must_use]
    pub fn soak(mut self, soak: Duration) -> Self {
        self.soak = soak;
        self
    }

    /// Adds a gate.
    #[must_use]
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gates.push(gate);
        self
    }

    /// Sets what happens when a gate is not passed.
    #[must_use]
    pub fn on_failure(mut self, what: OnFailure) -> Self {
        self.on_failure = what;
        self
    }

    /// Asks for somebody's approval before it begins.
    #[must_use]
    pub fn approval(mut self) -> Self {
        self.approval = true;
        self
    }
}

//! What must be true of a phase before the next one begins.

use serde::{Deserialize, Serialize};

use crate::failure::FailureClass;

/// What must be true of a phase: a success share of at least 95 %, say, or fewer than 3 failures by time-out.
///
/// It is read when the phase was watched long enough; with fewer devices than `min_sample` it is not passed, since nothing
/// is known. It is read before, too, and stops the phase in the middle as soon as it could not be passed even if all the
/// rest of the phase succeeded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Gate {
    /// What is counted.
    pub measure: Measure,
    /// How the measured value is compared with the bound.
    pub comparator: Comparator,
    /// The bound: a share in percent or a number of devices.
    pub bound: Bound,
    /// Of which devices.
    #[serde(default)]
    pub scope: Scope,
    /// What a share is of.
    #[serde(default)]
    pub of: Denominator,
    /// The least number of devices, of those that the share is of, that it takes to pass. Default 1.
    #[serde(default = "one")]
    pub min_sample: u64,
    /// The failures that count; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<FailureClass>,
}

/// What a gate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Measure {
    /// Devices that succeeded.
    Succeeded,
    /// Devices that failed, of the gate's classes.
    Failed,
}

/// How a gate compares: what must be so of the measured value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Comparator {
    /// It is the bound or more.
    AtLeast,
    /// It is more than the bound.
    Above,
    /// It is the bound or less.
    AtMost,
    /// It is less than the bound.
    Below,
}

/// The bound of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Bound {
    /// A share of the denominator, from 0 to 100.
    Percent(f64),
    /// A number of devices.
    Devices(u64),
}

/// Of which devices a gate counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scope {
    /// Those of the phase.
    #[default]
    Phase,
    /// Those of the phase and of all before it.
    Cumulative,
}

/// What a share is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Denominator {
    /// The devices that succeeded or failed.
    #[default]
    Tried,
    /// All devices of the scope, those that were skipped or wait too.
    All,
}

impl Gate {
    /// At least this share of the devices tried succeeded, in percent. Reaching it is enough.
    #[must_use]
    pub fn success_at_least(percent: f64) -> Self {
        Self::new(Measure::Succeeded, Comparator::AtLeast, Bound::Percent(percent))
    }

    /// At most this share of the devices tried failed, in percent.
    #[must_use]
    pub fn failures_at_most(percent: f64) -> Self {
        Self::new(Measure::Failed, Comparator::AtMost, Bound::Percent(percent))
    }

    /// At most so many devices failed.
    #[must_use]
    pub fn at_most_failed(devices: u64) -> Self {
        Self::new(Measure::Failed, Comparator::AtMost, Bound::Devices(devices))
    }

    /// A gate of its three parts, over the phase's own devices that were tried, at least one of them.
    #[must_use]
    pub fn new(measure: Measure, comparator: Comparator, bound: Bound) -> Self {
        Self {
            measure,
            comparator,
            bound,
            scope: Scope::Phase,
            of: Denominator::Tried,
            min_sample: 1,
            classes: Vec::new(),
        }
    }

    /// Sets of which devices it counts.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Sets what a share is of.
    #[must_use]
    pub fn of(mut self, denominator: Denominator) -> Self {
        self.of = denominator;
        self
    }

    /// Sets how many devices it takes to pass.
    #[must_use]
    pub fn min_sample(mut self, devices: u64) -> Self {
        self.min_sample = devices;
        self
    }

    /// Counts only failures of these classes.
    #[must_use]
    pub fn classes(mut self, classes: impl IntoIterator<Item = FailureClass>) -> Self {
        self.classes = classes.into_iter().collect();
        self
    }
}

fn one() -> u64 {
    1
}

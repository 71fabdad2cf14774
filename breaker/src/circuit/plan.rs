//! What a success costs while closed, decided once from the rule.

use crate::{Over, Rate, Rule, Trip};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Successes are not remembered.
    Nothing,
    /// A success ends a row of failures.
    Streak,
    /// Every outcome has its place in one ring.
    Calls,
    /// Successes are counted beside the machine, by the thread's own counters.
    Time,
}

impl Plan {
    pub(super) const fn of(rule: &Rule) -> Self {
        match rule.trip {
            Trip::Failures => Self::Nothing,
            Trip::Consecutive => Self::Streak,
            Trip::Rate(Rate { over: Over::Calls(_), .. }) => Self::Calls,
            Trip::Rate(Rate { over: Over::Time(_), .. }) => Self::Time,
        }
    }
}

//! A schedule of any kind, chosen when the program runs.

use core::time::Duration;

use crate::{Constant, Decorrelated, Exponential, Fibonacci, Linear, List, Schedule, Step};

/// One of the schedules of this crate, for who learns only at run time which: `Policy<AnySchedule>`.
///
/// ```
/// use std::time::Duration;
/// use steadfast_backoff::{AnySchedule, Constant, Decorrelated, Policy};
///
/// # fn main() -> Result<(), steadfast_backoff::ConfigError> {
/// # let steady = true;
/// let schedule: AnySchedule = if steady { Constant::new(Duration::from_secs(5))?.into() } else { Decorrelated::default().into() };
/// let policy = Policy::new(schedule, 3)?;
/// # assert_eq!(policy.max_attempts(), 3);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(untagged, from = "crate::config::AnySchedule"))]
#[non_exhaustive]
pub enum AnySchedule {
    /// The same wait every time.
    Constant(Constant),
    /// Longer by the same step each time.
    Linear(Linear),
    /// Longer by the same factor each time.
    Exponential(Exponential),
    /// Each wait the sum of the two before it.
    Fibonacci(Fibonacci),
    /// Drawn up to three times the wait before.
    Decorrelated(Decorrelated),
    /// Written down one by one.
    List(List),
}

impl Schedule for AnySchedule {
    fn delay(&self, step: &Step, entropy: u64) -> Option<Duration> {
        match self {
            Self::Constant(schedule) => schedule.delay(step, entropy),
            Self::Linear(schedule) => schedule.delay(step, entropy),
            Self::Exponential(schedule) => schedule.delay(step, entropy),
            Self::Fibonacci(schedule) => schedule.delay(step, entropy),
            Self::Decorrelated(schedule) => schedule.delay(step, entropy),
            Self::List(schedule) => schedule.delay(step, entropy),
        }
    }

    fn is_jittered(&self) -> bool {
        match self {
            Self::Constant(schedule) => schedule.is_jittered(),
            Self::Linear(schedule) => schedule.is_jittered(),
            Self::Exponential(schedule) => schedule.is_jittered(),
            Self::Fibonacci(schedule) => schedule.is_jittered(),
            Self::Decorrelated(schedule) => schedule.is_jittered(),
            Self::List(schedule) => schedule.is_jittered(),
        }
    }
}

impl From<Constant> for AnySchedule {
    fn from(schedule: Constant) -> Self {
        Self::Constant(schedule)
    }
}

impl From<Linear> for AnySchedule {
    fn from(schedule: Linear) -> Self {
        Self::Linear(schedule)
    }
}

impl From<Exponential> for AnySchedule {
    fn from(schedule: Exponential) -> Self {
        Self::Exponential(schedule)
    }
}

impl From<Fibonacci> for AnySchedule {
    fn from(schedule: Fibonacci) -> Self {
        Self::Fibonacci(schedule)
    }
}

impl From<Decorrelated> for AnySchedule {
    fn from(schedule: Decorrelated) -> Self {
        Self::Decorrelated(schedule)
    }
}

impl From<List> for AnySchedule {
    fn from(schedule: List) -> Self {
        Self::List(schedule)
    }
}

//! The [`Schedule`] trait: how long to wait before a retry.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;

mod any;
mod constant;
mod decorrelated;
mod exponential;
mod fibonacci;
mod linear;
mod list;
mod waits;

pub use any::AnySchedule;
pub use constant::Constant;
pub use decorrelated::Decorrelated;
pub use exponential::{Exponential, ExponentialBuilder};
pub use fibonacci::{Fibonacci, FibonacciBuilder};
pub use linear::{Linear, LinearBuilder};
pub use list::List;
pub use waits::Waits;

/// Where a call stands when it asks for its next wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// The number of the wait: 1 is the one after the first failure. 0 is read as 1.
    pub retry: u32,
    /// How long the call waited before its latest attempt; `None` before the first wait.
    pub previous: Option<Duration>,
}

impl Step {
    /// The step before retry number `retry`, 1 for the first, with no previous wait known.
    #[must_use]
    pub const fn new(retry: u32) -> Self {
        Self { retry, previous: None }
    }

    /// The same step after a wait of `previous`.
    #[must_use]
    pub const fn after(mut self, previous: Duration) -> Self {
        self.previous = Some(previous);
        self
    }
}

/// How long to wait before each retry. Pure: the same step and entropy give the same wait.
///
/// An implementation keeps its own upper bound, jitter included: a wait is never above it.
///
/// ```
/// use std::time::Duration;
/// use steadfast_backoff::{Schedule, Step};
///
/// /// Two quick retries, then no more.
/// struct Twice;
///
/// impl Schedule for Twice {
///     fn delay(&self, step: &Step, _entropy: u64) -> Option<Duration> {
///         (step.retry <= 2).then_some(Duration::from_millis(10))
///     }
/// }
///
/// assert_eq!(Twice.delay(&Step::new(2), 0), Some(Duration::from_millis(10)));
/// assert_eq!(Twice.delay(&Step::new(3), 0), None);
/// ```
pub trait Schedule {
    /// The wait before retry number `step.retry`; `None` when the schedule has ended and no retry is left.
    ///
    /// `entropy` is a uniformly distributed number. A schedule with jitter picks its wait by it: 0 the shortest,
    /// [`u64::MAX`] the longest.
    fn delay(&self, step: &Step, entropy: u64) -> Option<Duration>;

    /// Whether waits depend on entropy. Where they do not, a wait that a server asked for is not lengthened either.
    fn is_jittered(&self) -> bool {
        true
    }

    /// The waits as an iterator, with jitter from `source`, uniformly distributed numbers: `entropy` with the feature
    /// `rand`.
    fn iter<N: FnMut() -> u64>(&self, source: N) -> Waits<&Self, N>
    where
        Self: Sized,
    {
        Waits::new(self, source)
    }
}

impl<S: Schedule + ?Sized> Schedule for &S {
    fn delay(&self, step: &Step, entropy: u64) -> Option<Duration> {
        (**self).delay(step, entropy)
    }

    fn is_jittered(&self) -> bool {
        (**self).is_jittered()
    }
}

impl<S: Schedule + ?Sized> Schedule for Box<S> {
    fn delay(&self, step: &Step, entropy: u64) -> Option<Duration> {
        (**self).delay(step, entropy)
    }

    fn is_jittered(&self) -> bool {
        (**self).is_jittered()
    }
}

impl<S: Schedule + ?Sized> Schedule for Arc<S> {
    fn delay(&self, step: &Step, entropy: u64) -> Option<Duration> {
        (**self).delay(step, entropy)
    }

    fn is_jittered(&self) -> bool {
        (**self).is_jittered()
    }
}

//! The waits of a schedule as an iterator.

use core::fmt;
use core::time::Duration;

use crate::{Schedule, Step};

/// The waits of a [`Schedule`], one after the other, for a loop of one's own; made by [`Schedule::iter`].
///
/// It ends where the schedule ends, which most never do: attempts are not counted here.
///
/// ```
/// use std::time::Duration;
/// use steadfast_backoff::{Constant, Schedule, Waits};
///
/// let schedule: Box<dyn Schedule> = Box::new(Constant::new(Duration::from_secs(1))?);
/// assert_eq!(Waits::new(&schedule, || 0).take(3).sum::<Duration>(), Duration::from_secs(3));
/// # Ok::<(), steadfast_backoff::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use = "an iterator does nothing until it is asked"]
pub struct Waits<S, N> {
    schedule: S,
    source: N,
    step: Step,
}

impl<S, N> Waits<S, N> {
    /// The waits of `schedule`, with jitter from `source`, uniformly distributed numbers.
    pub const fn new(schedule: S, source: N) -> Self {
        Self { schedule, source, step: Step::new(1) }
    }
}

impl<S: Schedule, N: FnMut() -> u64> Iterator for Waits<S, N> {
    type Item = Duration;

    #[inline]
    fn next(&mut self) -> Option<Duration> {
        let wait = self.schedule.delay(&self.step, (self.source)())?;
        self.step = Step::new(self.step.retry.saturating_add(1)).after(wait);
        Some(wait)
    }
}

impl<S: fmt::Debug, N> fmt::Debug for Waits<S, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waits").field("schedule", &self.schedule).field("next", &self.step).finish_non_exhaustive()
    }
}

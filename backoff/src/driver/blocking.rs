//! The run of an operation that blocks its thread: no runtime.

use core::ops::ControlFlow;

use steadfast_clock::BlockingTimer;

use super::course::Course;
use super::{Driver, Untimed};
use crate::{Failed, Retrying, Schedule, Success, Verdict};

impl<S: ?Sized, C, E, R, N> Driver<'_, S, C, E, R, N, Untimed> {
    /// The same as [`run`](Self::run) for an operation that blocks: waits hold up the calling thread.
    ///
    /// ```
    /// use steadfast_backoff::{Driver, Policy, Verdict};
    /// use steadfast_clock::ManualClock;
    ///
    /// let clock = ManualClock::new(); // in production: `System`
    /// let done = Driver::new(&Policy::delivery(), &clock)
    ///     .run_blocking(|attempt| if attempt < 3 { Err("locked") } else { Ok("opened") }, Verdict::unless_ok)
    ///     .unwrap();
    /// assert_eq!((done.value, done.total_wait.as_secs()), ("opened", 3));
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the last attempt.
    pub fn run_blocking<T, O, J>(mut self, mut operation: O, mut classify: J) -> Result<Success<T>, Failed<E>>
    where
        S: Schedule,
        C: BlockingTimer,
        R: FnMut(&Retrying<'_, E>),
        N: FnMut() -> u64,
        O: FnMut(u32) -> Result<T, E>,
        J: FnMut(&Result<T, E>) -> Verdict,
    {
        let mut course = Course::begun(self.end());
        loop {
            let result = operation(course.retry.attempt());
            let verdict = classify(&result);
            match self.after(&mut course, result, verdict) {
                ControlFlow::Break(ended) => return ended,
                ControlFlow::Continue(at) => self.timer.block_until(at),
            }
            course.retry.begin();
        }
    }
}

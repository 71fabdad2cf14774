//! The run of an async operation whose attempts take as long as they take.

use alloc::boxed::Box;
use core::future::Future;
use core::ops::ControlFlow;
use core::time::Duration;

use steadfast_clock::Timer;

use super::course::{Course, End};
use super::{Driver, Untimed};
use crate::{Failed, Retrying, Schedule, Success, Verdict};

impl<S: ?Sized, C, E, R, N> Driver<'_, S, C, E, R, N, Untimed> {
    /// Calls `operation` with the number of the attempt, 1 for the first, until `classify` calls a result
    /// [`Verdict::Done`] or [`Verdict::Fatal`], or no retry is left.
    ///
    /// A value is always given back as [`Success`], an error as [`Failed`]; their `stop` tells why a result that was not
    /// `Done` was the last. The budget gets a deposit when a value is `Done`. The first attempt is made whatever the
    /// limits. When it succeeds, the driver has slept not at all, allocated nothing, and read the clock only for a total
    /// limit or a budget.
    ///
    /// # Errors
    ///
    /// The error of the last attempt.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the running attempt or wait; nothing is left behind. What a retry took from the budget
    /// before its wait is not given back.
    #[expect(clippy::manual_async_fn, reason = "an async fn moves its arguments once more, which a first try notices")]
    pub fn run<T, O, F, J>(
        self,
        mut operation: O,
        mut classify: J,
    ) -> impl Future<Output = Result<Success<T>, Failed<E>>>
    where
        S: Schedule,
        C: Timer,
        R: FnMut(&Retrying<'_, E>),
        N: FnMut() -> u64,
        O: FnMut(u32) -> F,
        F: Future<Output = Result<T, E>>,
        J: FnMut(&Result<T, E>) -> Verdict,
    {
        async move {
            // The first attempt is apart: most calls need nothing else, and it nothing of the rest.
            let end = self.end();
            let result = operation(1).await;
            let verdict = classify(&result);
            match (verdict, result) {
                (Verdict::Done, Ok(value)) => {
                    self.deposit();
                    Ok(Success::new(value, 1, Duration::ZERO))
                }
                // Boxed, so that a first try that succeeds has nothing to lay down for it.
                (verdict, result) => Box::pin(self.go_on(end, result, verdict, operation, classify)).await,
            }
        }
    }

    /// What follows a first attempt that was not the last word.
    async fn go_on<T, O, F, J>(
        mut self,
        end: End,
        mut result: Result<T, E>,
        mut verdict: Verdict,
        mut operation: O,
        mut classify: J,
    ) -> Result<Success<T>, Failed<E>>
    where
        S: Schedule,
        C: Timer,
        R: FnMut(&Retrying<'_, E>),
        N: FnMut() -> u64,
        O: FnMut(u32) -> F,
        F: Future<Output = Result<T, E>>,
        J: FnMut(&Result<T, E>) -> Verdict,
    {
        let mut course = Course::begun(end);
        loop {
            match self.after(&mut course, result, verdict) {
                ControlFlow::Break(ended) => return ended,
                ControlFlow::Continue(at) => self.timer.sleep_until(at).await,
            }
            result = operation(course.retry.begin()).await;
            verdict = classify(&result);
        }
    }
}

//! The run of an async operation whose attempts are cut when they take too long.

use core::fmt;
use core::future::{Future, poll_fn};
use core::ops::ControlFlow;
use core::pin::{Pin, pin};
use core::task::Poll;
use core::time::Duration;

use steadfast_clock::Timer;

use super::Driver;
use super::course::Course;
use crate::{Failed, Retrying, Schedule, Success, Verdict};

/// Attempts of a [`Driver`] take as long as they take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a unit struct for good: nothing to know")]
pub struct Untimed;

/// Attempts of a [`Driver`] are cut; made by [`Driver::attempt_timeout`].
#[derive(Clone, Copy)]
pub struct Timed<X> {
    limit: Duration,
    error: X,
}

impl<X> fmt::Debug for Timed<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timed").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl<'a, S: ?Sized, C, E, R, N, X> Driver<'a, S, C, E, R, N, X> {
    /// Drops an attempt that takes longer than `limit`, or beyond the deadline or total limit of the call. Its result is
    /// then what `error` gives, and is judged like any other.
    ///
    /// To cut attempts at the end of the call alone, let `limit` be [`Duration::MAX`]. A driver with a timeout runs
    /// async operations only: nothing can cut a call that blocks its thread.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast_backoff::{Driver, Policy, Verdict};
    /// use steadfast_clock::TokioTimer;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
    /// let failed = Driver::new(&Policy::production(), TokioTimer::new())
    ///     .attempt_timeout(Duration::from_secs(5), || "no answer within 5 s")
    ///     .run(|_| std::future::pending::<Result<(), _>>(), Verdict::unless_ok)
    ///     .await
    ///     .unwrap_err();
    /// assert_eq!(failed.to_string(), "no answer within 5 s (after 4 attempts: attempts used up)");
    /// # });
    /// ```
    pub fn attempt_timeout<M: FnMut() -> E>(self, limit: Duration, error: M) -> Driver<'a, S, C, E, R, N, Timed<M>> {
        let Self { options, timer, on_retry, entropy, timeout: _ } = self;
        Driver { options, timer, on_retry, entropy, timeout: Timed { limit, error } }
    }
}

impl<S: ?Sized, C, E, R, N, X> Driver<'_, S, C, E, R, N, Timed<X>> {
    /// The same as [`run`](Driver::run) without a timeout, with each attempt cut as
    /// [`attempt_timeout`](Self::attempt_timeout) says.
    ///
    /// An attempt is asked first and the clock second: a result that is there when the limit is reached counts. Each
    /// attempt reads the clock once, and sleeps only if it has to be waited for.
    ///
    /// # Errors
    ///
    /// The error of the last attempt.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the running attempt or wait; nothing is left behind. What a retry took from the budget
    /// before its wait is not given back.
    pub async fn run<T, O, F, J>(mut self, mut operation: O, mut classify: J) -> Result<Success<T>, Failed<E>>
    where
        S: Schedule,
        C: Timer,
        R: FnMut(&Retrying<'_, E>),
        N: FnMut() -> u64,
        X: FnMut() -> E,
        O: FnMut(u32) -> F,
        F: Future<Output = Result<T, E>>,
        J: FnMut(&Result<T, E>) -> Verdict,
    {
        let mut course = Course::begun(self.end());
        loop {
            let own = self.timer.now().saturating_add(self.timeout.limit);
            let cut = course.end.at.map_or(own, |end| end.min(own));
            let output = {
                let attempt = pin!(operation(course.retry.attempt()));
                within(attempt, || self.timer.sleep_until(cut)).await
            };
            let result = output.unwrap_or_else(|| Err((self.timeout.error)()));
            let verdict = classify(&result);
            match self.after(&mut course, result, verdict) {
                ControlFlow::Break(ended) => return ended,
                ControlFlow::Continue(at) => self.timer.sleep_until(at).await,
            }
            course.retry.begin();
        }
    }
}

/// The output of `attempt`, or `None` when `limit` is over first.
///
/// There is no sleep before the attempt has to be waited for.
async fn within<F: Future, Z: Future<Output = ()>>(
    mut attempt: Pin<&mut F>,
    limit: impl FnOnce() -> Z,
) -> Option<F::Output> {
    if let Poll::Ready(output) = poll_fn(|cx| Poll::Ready(attempt.as_mut().poll(cx))).await {
        return Some(output);
    }
    let mut limit = pin!(limit());
    let mut asked = true;
    poll_fn(|cx| {
        if !core::mem::take(&mut asked) {
            if let Poll::Ready(output) = attempt.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
        }
        limit.as_mut().poll(cx).map(|()| None)
    })
    .await
}

//! The driver: calls, judges, waits and calls again.

use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use steadfast_clock::Nanos;

use crate::{Budget, Carried, Policy, Retrying};

mod blocking;
mod course;
mod options;
mod run;
mod timed;

pub use timed::{Timed, Untimed};

use options::Options;

/// Runs one call under a [`Policy`], on any [`Timer`](steadfast_clock::Timer), or without a runtime on any
/// [`BlockingTimer`](steadfast_clock::BlockingTimer).
///
/// ```
/// use steadfast_backoff::{Driver, Policy, Verdict};
/// use steadfast_clock::TokioTimer;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// let policy = Policy::production();
/// let done = Driver::new(&policy, TokioTimer::new())
///     .run(
///         |attempt| async move { if attempt < 3 { Err("connection refused") } else { Ok("pong") } },
///         Verdict::unless_ok,
///     )
///     .await
///     .unwrap();
/// assert_eq!((done.value, done.attempts), ("pong", 3));
/// # });
/// ```
///
/// # Limits
///
/// [`deadline`](Self::deadline) is a point in time and [`total_limit`](Self::total_limit) the time from the start of the
/// run; both are wall time, attempts included, and may be given together. Neither starts a wait that would not end before
/// it. A running attempt is cut only where [`attempt_timeout`](Self::attempt_timeout) tells which error that is: then at
/// its own limit or at the end of the call, whichever comes first.
///
/// `E` is the error of the call, `R` the listener of [`on_retry`](Self::on_retry), `N` the source of randomness, `X`
/// whether attempts are cut.
#[must_use = "a driver does nothing until it is run"]
pub struct Driver<'a, S: ?Sized, C, E, R = for<'r> fn(&Retrying<'r, E>), N = fn() -> u64, X = Untimed> {
    options: Options<'a, S, E>,
    timer: C,
    on_retry: R,
    entropy: N,
    timeout: X,
}

#[cfg(feature = "rand")]
impl<'a, S: ?Sized, C, E> Driver<'a, S, C, E> {
    /// A driver that draws its jitter from [`entropy`](crate::entropy).
    pub fn new(policy: &'a Policy<S>, timer: C) -> Self {
        Self::with_entropy(policy, timer, crate::entropy)
    }
}

impl<'a, S: ?Sized, C, E, N> Driver<'a, S, C, E, for<'r> fn(&Retrying<'r, E>), N> {
    /// A driver that draws its jitter from `source`, uniformly distributed numbers.
    pub fn with_entropy(policy: &'a Policy<S>, timer: C, source: N) -> Self {
        Self { options: Options::new(policy), timer, on_retry: silent, entropy: source, timeout: Untimed }
    }
}

impl<'a, S: ?Sized, C, E, R, N, X> Driver<'a, S, C, E, R, N, X> {
    /// Starts no wait that would not end before `deadline`, a point of the timer's clock.
    ///
    /// Attempts are not cut short by it alone: an operation that can hang needs an
    /// [`attempt_timeout`](Self::attempt_timeout) too.
    pub fn deadline(mut self, deadline: Nanos) -> Self {
        self.options.deadline = Some(deadline);
        self
    }

    /// Starts no wait that would not end within `limit` of the start of the run: of time that passes, attempts included,
    /// not of waits added up.
    ///
    /// Attempts are not cut short by it alone: an operation that can hang needs an
    /// [`attempt_timeout`](Self::attempt_timeout) too. The call ends with
    /// [`Stop::TotalLimit`](crate::Stop::TotalLimit).
    pub fn total_limit(mut self, limit: Duration) -> Self {
        self.options.total_limit = Some(limit);
        self
    }

    /// Takes every retry from `budget`, and tells it of success. Unlimited unless set.
    pub fn budget(mut self, budget: &'a dyn Budget) -> Self {
        self.options.budget = Some(budget);
        self
    }

    /// Draws every attempt from what the call carries, and keeps its deadline. Without attempts left the call ends with
    /// [`Stop::AttemptsSpent`](crate::Stop::AttemptsSpent).
    ///
    /// The first attempt is always made, and counted.
    pub fn carry(mut self, carried: &'a Carried) -> Self {
        self.options.carried = Some(carried);
        self
    }

    /// Puts the error of every attempt that is retried into `errors`, oldest first; otherwise each is dropped before the
    /// wait that it leads to.
    ///
    /// The list is the caller's, so it is there whether the call succeeds, fails or is dropped. The error of the last
    /// attempt is not in it: [`Failed`](crate::Failed) has that.
    pub fn keep_errors(mut self, errors: &'a mut Vec<E>) -> Self {
        self.options.kept = Some(errors);
        self
    }

    /// Writes the log records of retries with `tracing`: at INFO before each wait, and at ERROR once when a call that was
    /// retried ends without success. A call that ends at its first attempt writes none.
    ///
    /// | level | message | fields |
    /// |---|---|---|
    /// | INFO | `retrying (attempt 2/4) after 2.0 s: connection refused` | `attempt`, `max_attempts`, `delay` |
    /// | ERROR | `giving up: connection refused` | `retry_count`, `total_delay`, `final_status`, `attempts` |
    ///
    /// `delay` and `total_delay` are in seconds. All that is told of an error is its [`Display`](fmt::Display).
    #[cfg(feature = "tracing")]
    pub fn logged(self) -> Self
    where
        E: fmt::Display,
    {
        self.logged_with(|_| None)
    }

    /// The same records as [`logged`](Self::logged), where `status` tells the field `final_status`: the HTTP status of an
    /// error, say. Where it tells none, the field is the error's [`Display`](fmt::Display).
    #[cfg(feature = "tracing")]
    pub fn logged_with(mut self, status: fn(&E) -> Option<u16>) -> Self
    where
        E: fmt::Display,
    {
        self.options.log = Some(crate::log::Log::new(status));
        self
    }

    /// Calls `listener` before each wait: to log, to count.
    pub fn on_retry<L: FnMut(&Retrying<'_, E>)>(self, listener: L) -> Driver<'a, S, C, E, L, N, X> {
        let Self { options, timer, on_retry: _, entropy, timeout } = self;
        Driver { options, timer, on_retry: listener, entropy, timeout }
    }

    /// Draws jitter from `source`, uniformly distributed numbers: for tests and simulations.
    pub fn entropy<M: FnMut() -> u64>(self, source: M) -> Driver<'a, S, C, E, R, M, X> {
        let Self { options, timer, on_retry, entropy: _, timeout } = self;
        Driver { options, timer, on_retry, entropy: source, timeout }
    }
}

impl<S: fmt::Debug + ?Sized, C, E, R, N, X: fmt::Debug> fmt::Debug for Driver<'_, S, C, E, R, N, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("policy", &self.options.policy)
            .field("deadline", &self.options.deadline)
            .field("total_limit", &self.options.total_limit)
            .field("attempts", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// The listener of who set none.
fn silent<E>(_retrying: &Retrying<'_, E>) {}

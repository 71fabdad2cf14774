//! The async driver: calls, judges, waits and calls again.

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;

use steadfast_clock::{Nanos, Timer};

use crate::{Budget, Failed, Next, Policy, Retry, Retrying, Schedule, Stop, Success, Unlimited, Verdict};

/// Runs one call under a [`Policy`], on any [`Timer`].
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
///         |result| if result.is_ok() { Verdict::Done } else { Verdict::retry() },
///     )
///     .await
///     .unwrap();
/// assert_eq!((done.value, done.attempts), ("pong", 3));
/// # });
/// ```
///
/// `E` is the error of the call, `R` the listener of [`on_retry`](Self::on_retry), `N` the source of randomness.
#[must_use = "a driver does nothing until it is run"]
pub struct Driver<'a, S: ?Sized, C, E, R = for<'r> fn(&Retrying<'r, E>), N = fn() -> u64> {
    policy: &'a Policy<S>,
    timer: C,
    deadline: Option<Nanos>,
    budget: &'a dyn Budget,
    on_retry: R,
    entropy: N,
    error: PhantomData<fn() -> E>,
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
        Self {
            policy,
            timer,
            deadline: None,
            budget: &Unlimited,
            on_retry: silent,
            entropy: source,
            error: PhantomData,
        }
    }
}

impl<'a, S: ?Sized, C, E, R, N> Driver<'a, S, C, E, R, N> {
    /// Starts no wait that would not end before `deadline`, a point of the timer's clock.
    ///
    /// Attempts are not cut short: an operation that can hang needs a limit of its own.
    pub fn deadline(mut self, deadline: Nanos) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Takes every retry from `budget`, and tells it of success. Unlimited unless set.
    pub fn budget(mut self, budget: &'a dyn Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Calls `listener` before each wait: to log, to count.
    pub fn on_retry<L: FnMut(&Retrying<'_, E>)>(self, listener: L) -> Driver<'a, S, C, E, L, N> {
        let Self { policy, timer, deadline, budget, on_retry: _, entropy, error } = self;
        Driver { policy, timer, deadline, budget, on_retry: listener, entropy, error }
    }

    /// Draws jitter from `source`, uniformly distributed numbers: for tests and simulations.
    pub fn entropy<M: FnMut() -> u64>(self, source: M) -> Driver<'a, S, C, E, R, M> {
        let Self { policy, timer, deadline, budget, on_retry, entropy: _, error } = self;
        Driver { policy, timer, deadline, budget, on_retry, entropy: source, error }
    }

    /// Calls `operation` with the number of the attempt, 1 for the first, until `classify` calls a result
    /// [`Verdict::Done`] or [`Verdict::Fatal`], or no retry is left.
    ///
    /// A value is always given back as [`Success`], an error as [`Failed`]; their `stop` tells why a result that was not
    /// `Done` was the last. The budget gets a deposit when a value is `Done`. The first attempt is made whatever the
    /// deadline. When it succeeds, the driver has read the clock twice, slept not at all and allocated nothing.
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
        O: FnMut(u32) -> F,
        F: Future<Output = Result<T, E>>,
        J: FnMut(&Result<T, E>) -> Verdict,
    {
        let mut retry = Retry::new(self.timer.now());
        loop {
            let result = operation(retry.begin()).await;
            let (hint, cost) = match classify(&result) {
                Verdict::Done => return self.done(result, &retry),
                Verdict::Fatal => return ended(result, &retry, Stop::NotRetryable),
                Verdict::Retry { hint, cost } => (hint, cost),
            };
            let now = self.timer.now();
            let entropy = (self.entropy)();
            let wait = match retry.next(self.policy, hint, cost, now, self.deadline, self.budget, entropy) {
                Next::Wait(wait) => wait,
                Next::Stop(stop) => return ended(result, &retry, stop),
            };
            let max_attempts = self.policy.max_attempts();
            (self.on_retry)(&Retrying::new(retry.attempt(), max_attempts, wait, result.as_ref().err()));
            // The answer may hold a connection, which nobody needs during the wait.
            drop(result);
            self.timer.sleep_until(now.saturating_add(wait.delay)).await;
        }
    }

    fn done<T>(&self, result: Result<T, E>, retry: &Retry) -> Result<Success<T>, Failed<E>>
    where
        C: Timer,
    {
        match result {
            Ok(value) => {
                self.budget.deposit(self.timer.now());
                Ok(Success::new(value, retry.attempt(), retry.total_wait()))
            }
            Err(error) => ended(Err(error), retry, Stop::NotRetryable),
        }
    }
}

impl<S: fmt::Debug + ?Sized, C, E, R, N> fmt::Debug for Driver<'_, S, C, E, R, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("policy", &self.policy).field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

/// The listener of who set none.
fn silent<E>(_retrying: &Retrying<'_, E>) {}

/// A result that is the last although it is not what was hoped for.
fn ended<T, E>(result: Result<T, E>, retry: &Retry, stop: Stop) -> Result<Success<T>, Failed<E>> {
    let (attempts, total_wait) = (retry.attempt(), retry.total_wait());
    match result {
        Ok(value) => Ok(Success { value, attempts, total_wait, stop: Some(stop) }),
        Err(error) => Err(Failed::new(error, attempts, total_wait, stop)),
    }
}

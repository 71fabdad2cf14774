//! A closure that is retried: the driver in its shortest form.

use core::fmt;
use core::future::Future;

use steadfast_clock::Timer;

use crate::{Driver, Failed, Policy, Schedule, Success, Transient, Verdict};

/// `operation.retry(&policy).on(timer).await`, for every `operation` that is called without arguments and gives a future.
///
/// ```
/// use steadfast_backoff::{Policy, Retryable, Transient};
/// use steadfast_clock::TokioTimer;
///
/// #[derive(Debug)]
/// struct Refused;
///
/// impl Transient for Refused {} // every one of them is worth another attempt
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// let mut answers = vec![Ok("pong"), Err(Refused)];
/// let ping = || {
///     let answer = answers.pop().unwrap();
///     async { answer }
/// };
/// let done = ping.retry(&Policy::api_client()).on(TokioTimer::new()).await.unwrap();
/// assert_eq!((done.value, done.attempts), ("pong", 2));
/// # });
/// ```
///
/// An error says itself whether another attempt can help ([`Transient`]; [`Judged`](crate::Judged) and
/// [`NonRetryable`](crate::NonRetryable) for errors of other crates). [`when`](Retried::when) judges in its stead. For
/// deadlines, budgets and all else there is [`Driver`].
pub trait Retryable<F>: FnMut() -> F + Sized {
    /// This operation under `policy`, to be run by [`on`](Retried::on).
    fn retry<S: ?Sized>(self, policy: &Policy<S>) -> Retried<'_, S, Self> {
        Retried { policy, operation: self, classify: Itself }
    }
}

impl<O, F> Retryable<F> for O
where
    O: FnMut() -> F,
    F: Future,
{
}

/// An operation and its policy; made by [`Retryable::retry`].
#[derive(Clone)]
#[must_use = "nothing is called before `on`"]
pub struct Retried<'a, S: ?Sized, O, J = Itself> {
    policy: &'a Policy<S>,
    operation: O,
    classify: J,
}

/// Errors of a [`Retried`] operation are judged by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a unit struct for good: nothing to know")]
pub struct Itself;

/// Errors of a [`Retried`] operation are judged by a classifier; made by [`Retried::when`].
#[derive(Clone, Copy)]
pub struct By<J>(J);

impl<'a, S: ?Sized, O> Retried<'a, S, O> {
    /// The same operation, with `classify` as the judge of its results.
    ///
    /// [`Verdict::unless_ok`] retries every error.
    pub fn when<T, E, F, J>(self, classify: J) -> Retried<'a, S, O, By<J>>
    where
        O: FnMut() -> F,
        F: Future<Output = Result<T, E>>,
        J: FnMut(&Result<T, E>) -> Verdict,
    {
        Retried { policy: self.policy, operation: self.operation, classify: By(classify) }
    }

    /// Runs the operation on `timer`, with jitter from [`entropy`](crate::entropy).
    ///
    /// # Errors
    ///
    /// The error of the last attempt.
    ///
    /// # Cancel safety
    ///
    /// That of [`Driver::run`].
    pub async fn on<T, E, F, C>(self, timer: C) -> Result<Success<T>, Failed<E>>
    where
        S: Schedule,
        C: Timer,
        E: Transient,
        O: FnMut() -> F,
        F: Future<Output = Result<T, E>>,
    {
        let Self { policy, mut operation, classify: Itself } = self;
        Driver::new(policy, timer).run(|_| operation(), Verdict::of).await
    }
}

impl<S: ?Sized, O, J> Retried<'_, S, O, By<J>> {
    /// Runs the operation on `timer`, with jitter from [`entropy`](crate::entropy).
    ///
    /// # Errors
    ///
    /// The error of the last attempt.
    ///
    /// # Cancel safety
    ///
    /// That of [`Driver::run`].
    pub async fn on<T, E, F, C>(self, timer: C) -> Result<Success<T>, Failed<E>>
    where
        S: Schedule,
        C: Timer,
        O: FnMut() -> F,
        F: Future<Output = Result<T, E>>,
        J: FnMut(&Result<T, E>) -> Verdict,
    {
        let Self { policy, mut operation, classify: By(classify) } = self;
        Driver::new(policy, timer).run(|_| operation(), classify).await
    }
}

impl<S: fmt::Debug + ?Sized, O, J> fmt::Debug for Retried<'_, S, O, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retried").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl<J> fmt::Debug for By<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("By").finish_non_exhaustive()
    }
}

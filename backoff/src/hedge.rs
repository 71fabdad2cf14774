//! Hedging: a second attempt beside one that takes too long, and the first answer wins.

mod buckets;
mod delay;
mod field;
#[cfg(target_has_atomic = "64")]
mod latency;
mod outcome;
#[cfg(target_has_atomic = "64")]
mod quantile;

use core::fmt;
use core::future::{Future, poll_fn};
use core::num::NonZeroU32;
use core::pin::pin;

use steadfast_clock::{Nanos, Timer};

pub(crate) use self::field::{Field, Terms};
pub use self::{
    delay::HedgeDelay,
    outcome::{HedgeFailed, Hedged, HeldBack, Race},
};
#[cfg(target_has_atomic = "64")]
pub use self::{latency::Latency, quantile::HedgeQuantile};

use crate::carried::earliest;
use crate::{Budget, Carried, Unlimited, Verdict};

/// Runs one call with up to n attempts side by side, on any [`Timer`] and without a runtime: all are polled in place.
///
/// Another attempt is started whenever the newest has been under way for the delay; the first result that is judged
/// [`Verdict::Done`] wins, and the others are dropped before it is told. Hedging answers slowness, not failure: an
/// attempt that fails starts nothing, and does not end the call while another is under way; when all that were started
/// have failed, the call ends with the last one's result. To try again after that is a [`Driver`](crate::Driver)'s work,
/// whose operation may well be a hedge. Only for calls that may be executed twice.
///
/// The technique is that of Dean and Barroso, *The Tail at Scale* (2013): with the delay at the 95th percentile of the
/// latency, see [`Latency::at`], hedges add 5 % of load.
///
/// ```
/// use std::time::Duration;
/// use steadfast_backoff::{Hedge, Verdict};
/// use steadfast_clock::{Timer, TokioTimer};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// let timer = TokioTimer::new();
/// let answered = Hedge::new(Duration::from_millis(50), &timer)
///     .run(
///         |attempt| {
///             let busy = Duration::from_millis(if attempt == 1 { 900 } else { 20 });
///             let answer = timer.sleep_until(steadfast_clock::Clock::now(&timer).saturating_add(busy));
///             async move { Ok::<_, &str>(answer.await) }
///         },
///         Verdict::unless_ok,
///     )
///     .await
///     .unwrap();
/// assert_eq!((answered.race.attempt, answered.race.started), (2, 2));
/// # });
/// ```
#[derive(Clone)]
#[must_use = "a hedge does nothing until it is run"]
pub struct Hedge<'a, D, C> {
    delay: D,
    timer: C,
    terms: Terms<'a>,
}

impl<'a, D, C> Hedge<'a, D, C> {
    /// At most one attempt beside the first, once that has taken `delay`.
    pub fn new(delay: D, timer: C) -> Self {
        let terms = Terms { attempts: 2, deadline: None, budget: &Unlimited, cost: 1, carried: None };
        Self { delay, timer, terms }
    }

    /// Starts at most `attempts`, the first included. 2 unless set; 1 is no hedging.
    pub fn attempts(mut self, attempts: NonZeroU32) -> Self {
        self.terms.attempts = attempts.get();
        self
    }

    /// Starts no hedge at or after `deadline`, a point of the timer's clock.
    ///
    /// Attempts are not cut short: an operation that can hang needs a limit of its own.
    pub fn deadline(mut self, deadline: Nanos) -> Self {
        self.terms.deadline = Some(deadline);
        self
    }

    /// Takes every hedge from `budget`, and tells it of success: once, whatever the number of attempts. Unlimited unless
    /// set.
    pub fn budget(mut self, budget: &'a dyn Budget) -> Self {
        self.terms.budget = budget;
        self
    }

    /// What a hedge costs the budget. 1 unless set.
    pub fn cost(mut self, cost: u32) -> Self {
        self.terms.cost = cost;
        self
    }

    /// Draws its attempts from what the call carries, and keeps its deadline.
    pub fn carry(mut self, carried: &'a Carried) -> Self {
        self.terms.carried = Some(carried);
        self
    }

    /// Calls `operation` with the number of the attempt, 1 for the first, and again whenever a hedge is due, until
    /// `classify` calls a result [`Verdict::Done`] or [`Verdict::Fatal`], or none is under way any more.
    ///
    /// A value is always given back as [`Hedged`], an error as [`HedgeFailed`]. A result that was judged worth a retry is
    /// kept until a later one takes its place. The budget and the delay hear of a value that is `Done`. The first attempt
    /// is made whatever the deadline, and pinned in place; a hedge is boxed. Where the first attempt is ready at once, the
    /// delay is not asked.
    ///
    /// # Errors
    ///
    /// The error of the attempt that ended the call.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops all attempts; nothing is left behind. What a hedge took from the budget is not given back.
    pub async fn run<T, E, O, F, J>(self, mut operation: O, mut classify: J) -> Result<Hedged<T>, HedgeFailed<E>>
    where
        C: Timer,
        D: HedgeDelay,
        O: FnMut(u32) -> F,
        F: Future<Output = Result<T, E>>,
        J: FnMut(&Result<T, E>) -> Verdict,
    {
        let Self { timer, delay, mut terms } = self;
        if let Some(carried) = terms.carried {
            terms.deadline = earliest(terms.deadline, carried.deadline());
            carried.begin_first();
        }
        let mut field = Field::new(timer.now());
        let mut first = pin!(Some(operation(1)));
        let mut sleep = pin!(None);
        let end = poll_fn(|cx| {
            let (first, sleep) = (first.as_mut(), sleep.as_mut());
            field.poll(terms, &timer, &delay, first, sleep, &mut operation, &mut classify, cx)
        })
        .await;
        let first_running = first.is_some();
        first.set(None);
        field.finish(end, first_running, timer.now(), terms.budget, &delay)
    }
}

impl<D: fmt::Debug, C> fmt::Debug for Hedge<'_, D, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hedge")
            .field("delay", &self.delay)
            .field("attempts", &self.terms.attempts)
            .field("deadline", &self.terms.deadline)
            .finish_non_exhaustive()
    }
}

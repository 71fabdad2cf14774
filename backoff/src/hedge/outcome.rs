//! How a hedged call ended.

use core::fmt;
use core::time::Duration;

/// A hedged call that ended with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hedged<T> {
    /// The value of the attempt that ended the call.
    pub value: T,
    /// Whether the value was judged [`Verdict::Done`](crate::Verdict::Done). Otherwise no attempt was, and it is the last
    /// one's.
    pub done: bool,
    /// How it went.
    pub race: Race,
}

/// A hedged call that ended with an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HedgeFailed<E> {
    /// The error of the attempt that ended the call: the last one.
    pub error: E,
    /// How it went.
    pub race: Race,
}

/// What happened in a hedged call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Race {
    /// The number of the attempt whose result it is, 1 for the first.
    pub attempt: u32,
    /// How many attempts were started; at least 1.
    pub started: u32,
    /// From the start of the first attempt to the result.
    pub elapsed: Duration,
    /// Why a hedge that was allowed by number was not started, where one was not.
    pub held_back: Option<HeldBack>,
}

/// Why a hedge was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeldBack {
    /// There was no delay to wait for: too few latencies are known.
    NoDelay,
    /// It would not start before the deadline.
    DeadlineTooSoon,
    /// The attempts of the whole call are used up.
    AttemptsSpent,
    /// The retry budget is used up.
    BudgetSpent,
}

impl<T> Hedged<T> {
    /// A value that was judged done, and how it came.
    #[must_use]
    pub const fn new(value: T, race: Race) -> Self {
        Self { value, done: true, race }
    }
}

impl<E> HedgeFailed<E> {
    /// An error, and how it came.
    #[must_use]
    pub const fn new(error: E, race: Race) -> Self {
        Self { error, race }
    }
}

impl Race {
    /// Attempt number `attempt` of `started` ended the call after `elapsed`, and nothing was held back.
    #[must_use]
    pub const fn new(attempt: u32, started: u32, elapsed: Duration) -> Self {
        Self { attempt, started, elapsed, held_back: None }
    }
}

impl fmt::Display for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoDelay => "too few latencies are known",
            Self::DeadlineTooSoon => "it would not start before the deadline",
            Self::AttemptsSpent => "attempts used up",
            Self::BudgetSpent => "retry budget used up",
        })
    }
}

impl<E: fmt::Display> fmt::Display for HedgeFailed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.race.started == 1 { "" } else { "s" };
        write!(f, "{} (after {} attempt{plural} side by side)", self.error, self.race.started)
    }
}

impl<E: core::error::Error> core::error::Error for HedgeFailed<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        // The line above tells the error itself, so the chain goes on with its cause.
        self.error.source()
    }
}

//! Where a breaker stands: [`State`], and [`Status`] with the numbers behind it.

use core::fmt;
use core::time::Duration;

use steadfast_clock::Nanos;

/// The three states of a circuit breaker (M. Nygard, *Release It!*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Calls pass, failures are counted.
    Closed,
    /// Calls are rejected at once.
    Open,
    /// A few probes pass, to find out whether calls succeed again.
    HalfOpen,
}

impl State {
    /// `closed`, `open` or `half-open`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A breaker at one point in time, as told by [`Machine::status`](crate::Machine::status).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The state that a call would meet: an open breaker whose time is up is half-open.
    pub state: State,
    /// Failures that count now; 0 unless closed.
    pub failures: u32,
    /// Probes out now; 0 unless half-open.
    pub probes: u32,
    /// Successes so far in this half-open period; 0 unless half-open.
    pub successes: u32,
    /// When it opened; `None` unless open.
    pub opened_at: Option<Nanos>,
    /// How long until it lets probes out; `None` unless open.
    pub retry_in: Option<Duration>,
    /// How often it has opened since it was made, from closed and from half-open.
    pub openings: u64,
}

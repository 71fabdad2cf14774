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

/// Who decides about a breaker's state: its rule, or someone by hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// The rule.
    #[default]
    Ruled,
    /// Opened by hand: every call is rejected until someone says otherwise.
    ForcedOpen,
    /// Closed by hand: every call is admitted and counted, and nothing opens it.
    ForcedClosed,
    /// Switched off: every call is admitted, nothing is counted.
    Disabled,
}

/// A breaker at one point in time, as told by [`Machine::status`](crate::Machine::status).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The state that a call would meet: an open breaker whose time is up is half-open, one whose ramp is over closed.
    pub state: State,
    /// Who decides about it.
    pub mode: Mode,
    /// Failures that count now: within the window, or in a row; 0 unless calls are judged, closed or in the ramp.
    pub failures: u32,
    /// Slow calls that count now; 0 unless the rule judges slowness.
    pub slow: u32,
    /// Calls that count now, of which the rates are taken; 0 unless the rule is on rates.
    pub calls: u64,
    /// Probes out now; 0 unless half-open.
    pub probes: u32,
    /// Successes so far in this half-open period; 0 unless half-open.
    pub successes: u32,
    /// When it opened; `None` unless open.
    pub opened_at: Option<Nanos>,
    /// While open how long until it lets probes out, in the ramp how long until it is closed; otherwise `None`.
    pub retry_in: Option<Duration>,
    /// How often it has opened since it was made, from closed and from half-open, by hand too.
    pub openings: u64,
    /// How often its rule opened it since it was last closed.
    pub in_a_row: u32,
}

//! A change of state, and why it came about.

use core::fmt;

use steadfast_clock::Nanos;

use crate::State;

/// One change of a breaker's state, or of its way of being in it: from probes to the ramp, or by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// The `now` of the call that changed it.
    pub at: Nanos,
    /// What changed it.
    pub reason: Reason,
    /// The number of this change, from 1. Changes made by several threads may be heard out of order: this orders them.
    pub generation: u64,
}

impl Transition {
    /// The change number `generation`, from `from` to `to`.
    #[must_use]
    pub const fn new(from: State, to: State, at: Nanos, reason: Reason, generation: u64) -> Self {
        Self { from, to, at, reason, generation }
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "circuit breaker {} -> {}: {}", self.from, self.to, self.reason)
    }
}

/// Why a breaker changed its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// To open: as many failures within the window as the rule allows.
    FailuresInWindow,
    /// To open: as many failures in a row as the rule allows.
    Consecutive,
    /// To open: as large a share of failures as the rule allows.
    FailureRate,
    /// To open: as large a share of slow calls as the rule allows.
    SlowRate,
    /// Open to half-open: the time of being open is up.
    OpenElapsed,
    /// Half-open to open: a probe failed, or was slow under a rule that judges slowness.
    ProbeFailed,
    /// Half-open to closed: as many successes as the rule asks for. Under a rule with a ramp half-open to half-open:
    /// from here on a growing share of the calls is admitted.
    ProbesSucceeded,
    /// Half-open to closed: the ramp is over.
    RampDone,
    /// Opened by hand.
    ForcedOpen,
    /// Closed by hand.
    ForcedClosed,
    /// Switched off by hand.
    Disabled,
    /// Begun anew by hand.
    Reset,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::FailuresInWindow => "too many failures in the window",
            Self::Consecutive => "too many failures in a row",
            Self::FailureRate => "too large a share of failures",
            Self::SlowRate => "too large a share of slow calls",
            Self::OpenElapsed => "its time is up",
            Self::ProbeFailed => "a probe failed",
            Self::ProbesSucceeded => "probes succeeded",
            Self::RampDone => "the ramp is over",
            Self::ForcedOpen => "opened by hand",
            Self::ForcedClosed => "closed by hand",
            Self::Disabled => "switched off by hand",
            Self::Reset => "reset by hand",
        })
    }
}

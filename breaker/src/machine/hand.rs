//! A machine ruled by hand. Each of these is a change of state: results of calls from before it change nothing.

use core::time::Duration;

use steadfast_clock::Nanos;

use super::{Machine, Phase};
use crate::{Reason, Transition};

impl Machine {
    /// Opens until someone says otherwise: every call is rejected, and no time is told.
    pub fn force_open(&mut self, now: Nanos) -> Transition {
        let phase = Phase::Open { since: now, lasting: Duration::MAX, held: true };
        self.change(phase, Reason::ForcedOpen, now)
    }

    /// Closes until someone says otherwise: every call is admitted and counted, and nothing opens it.
    pub fn force_closed(&mut self, now: Nanos) -> Transition {
        self.change(Phase::Closed { held: true }, Reason::ForcedClosed, now)
    }

    /// Switches off until someone says otherwise: every call is admitted, nothing is counted.
    pub fn disable(&mut self, now: Nanos) -> Transition {
        self.change(Phase::Disabled, Reason::Disabled, now)
    }

    /// Begins anew, closed and by its rule, whatever it was before.
    pub fn reset(&mut self, now: Nanos) -> Transition {
        self.change(Phase::Closed { held: false }, Reason::Reset, now)
    }
}

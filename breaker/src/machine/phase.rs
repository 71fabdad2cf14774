//! What a machine is at: the states, told apart further.

use core::time::Duration;

use steadfast_clock::Nanos;

use crate::ramp::Ramp;
use crate::{Mode, State};

#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    /// Held by hand, it counts and does not open.
    Closed { held: bool },
    /// Held by hand, it lasts until someone says otherwise.
    Open { since: Nanos, lasting: Duration, held: bool },
    /// Half-open: probes are let out.
    Probing { successes: u32 },
    /// Half-open: the probes succeeded, a share of the calls is admitted and judged.
    Ramp(Ramp),
    /// Every call is admitted and none is counted.
    Disabled,
}

impl Phase {
    pub(super) const fn state(self) -> State {
        match self {
            Self::Closed { .. } | Self::Disabled => State::Closed,
            Self::Open { .. } => State::Open,
            Self::Probing { .. } | Self::Ramp(_) => State::HalfOpen,
        }
    }

    pub(super) const fn mode(self) -> Mode {
        match self {
            Self::Closed { held: true } => Mode::ForcedClosed,
            Self::Open { held: true, .. } => Mode::ForcedOpen,
            Self::Disabled => Mode::Disabled,
            _ => Mode::Ruled,
        }
    }

    pub(super) const fn is_held(self) -> bool {
        !matches!(self.mode(), Mode::Ruled)
    }
}

//! A call that was not admitted, with advice.

use core::fmt;
use core::time::Duration;

use crate::State;

/// The breaker did not admit a call. A value, not a failure of anything: it says what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// [`State::Open`], or [`State::HalfOpen`] with all probes out or in the ramp.
    pub state: State,
    /// While open, how long until probes are let out; `None` when it was opened by hand. In the ramp, how long until
    /// every call is admitted. `None` with all probes out: that depends on them.
    pub retry_in: Option<Duration>,
}

impl Rejected {
    /// A rejection in `state`, with what is known of its end.
    #[must_use]
    pub const fn new(state: State, retry_in: Option<Duration>) -> Self {
        Self { state, retry_in }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "circuit breaker is {}", self.state)?;
        match self.retry_in {
            Some(after) if self.state == State::HalfOpen => {
                write!(f, " and admits a share of the calls, all of them in {after:.1?}")
            }
            Some(after) => write!(f, ", it lets probes out in {after:.1?}"),
            None if self.state == State::HalfOpen => f.write_str(" and all its probes are out"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for Rejected {}

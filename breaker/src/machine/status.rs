//! What a machine tells of itself.

use steadfast_clock::Nanos;

use super::{Machine, Phase};
use crate::{State, Status};

impl Machine {
    /// The state that a call at `now` would meet: an open breaker whose time is up is half-open, one whose ramp is over
    /// closed.
    #[must_use]
    pub fn state(&self, now: Nanos) -> State {
        match self.phase {
            Phase::Open { since, lasting, held: false } if now.since(since) >= lasting => State::HalfOpen,
            Phase::Ramp(ramp) if ramp.left(self.rule.ramp, now).is_zero() => State::Closed,
            phase => phase.state(),
        }
    }

    /// The state that a call at `now` would meet, and the numbers behind it.
    #[must_use]
    pub fn status(&self, now: Nanos) -> Status {
        self.status_beside(0, now)
    }

    /// The same, when `beside` successes of the window are counted elsewhere.
    pub(crate) fn status_beside(&self, beside: u64, now: Nanos) -> Status {
        let mut status = Status {
            state: self.state(now),
            mode: self.phase.mode(),
            failures: 0,
            slow: 0,
            calls: 0,
            probes: 0,
            successes: 0,
            opened_at: None,
            retry_in: None,
            openings: self.openings,
            in_a_row: self.in_a_row,
        };
        match self.phase {
            Phase::Open { since, lasting, held } if status.state == State::Open => {
                status.opened_at = Some(since);
                status.retry_in = (!held).then(|| lasting.saturating_sub(now.since(since)));
            }
            Phase::Open { .. } | Phase::Disabled => {}
            Phase::Probing { successes } => {
                status.probes = self.probes.count(now);
                status.successes = successes;
            }
            Phase::Closed { .. } => self.tell_sums(&mut status, beside, now),
            Phase::Ramp(ramp) => {
                status.retry_in = Some(ramp.left(self.rule.ramp, now)).filter(|left| !left.is_zero());
                self.tell_sums(&mut status, beside, now);
            }
        }
        status
    }

    fn tell_sums(&self, status: &mut Status, beside: u64, now: Nanos) {
        let sums = self.window.sums(beside, now);
        status.failures = u32::try_from(sums.failed).unwrap_or(u32::MAX);
        status.slow = u32::try_from(sums.slow).unwrap_or(u32::MAX);
        status.calls = sums.calls;
    }

    /// Whether forgetting this breaker would lose nothing that could open it: it is closed by its rule, and neither a
    /// failure nor a slow call counts.
    #[must_use]
    pub fn is_idle(&self, now: Nanos) -> bool {
        match self.phase {
            Phase::Closed { held: false } => {
                let sums = self.window.sums(0, now);
                sums.failed == 0 && sums.slow == 0
            }
            // Closed in all but name, with nothing that would be carried over.
            Phase::Ramp(ramp) => ramp.left(self.rule.ramp, now).is_zero(),
            _ => false,
        }
    }
}

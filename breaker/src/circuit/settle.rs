//! Settling a call: past the machine where the rule allows it.

use core::time::Duration;

use steadfast_clock::{Clock, Nanos};

use super::CircuitBreaker;
use super::plan::Plan;
use super::shards::Added;
use crate::sync::Ordering;
use crate::{Observer, Outcome, Ticket};

impl<O: Observer> CircuitBreaker<O> {
    /// Settles a call of a permit: the clock is read if the outcome asks for it.
    #[inline]
    pub(crate) fn settle_by<C: Clock + ?Sized>(
        &self,
        ticket: Ticket,
        outcome: Outcome,
        started: Option<Nanos>,
        clock: &C,
    ) {
        if self.is_settled(&ticket, outcome) {
            return;
        }
        self.settle_when(ticket, outcome, || {
            let now = clock.now();
            (started.map_or(Duration::ZERO, |started| now.since(started)), now)
        });
    }

    /// Whether the outcome changes nothing, whatever the time.
    #[inline]
    pub(super) fn is_settled(&self, ticket: &Ticket, outcome: Outcome) -> bool {
        if ticket.is_probe() {
            return false;
        }
        match outcome {
            Outcome::Failure => false,
            Outcome::Success => match self.plan {
                Plan::Nothing => true,
                // Relaxed: see `publish`.
                Plan::Streak => !self.streak.load(Ordering::Relaxed),
                Plan::Calls | Plan::Time => false,
            },
            // Neutral, and it held no place.
            Outcome::Ignored | Outcome::Abandoned => true,
        }
    }

    /// Settles a call whose outcome may change something; `when` tells how long it took and what time it is.
    #[inline(never)]
    #[expect(clippy::needless_pass_by_value, reason = "a ticket fits in two registers, and nobody has it afterwards")]
    pub(super) fn settle_when(&self, ticket: Ticket, outcome: Outcome, when: impl FnOnce() -> (Duration, Nanos)) {
        let closed_success = outcome == Outcome::Success && !ticket.is_probe();
        if closed_success && self.plan == Plan::Calls && self.slow_after.is_none() && self.shows(&ticket) {
            return self.lock().timeless_success(&ticket);
        }
        let (busy, now) = when();
        if closed_success && self.slow_after.is_none_or(|after| busy < after) {
            if let Some(shards) = &self.shards {
                match shards.add(ticket.generation(), now, &self.gate) {
                    Added::Settled => return,
                    Added::Shut => {}
                }
            }
        }
        self.settle_locked(&ticket, outcome, busy, now);
    }

    /// Whether every call is admitted, in the same period as this one was.
    fn shows(&self, ticket: &Ticket) -> bool {
        self.gate.load(Ordering::Acquire) == ticket.generation()
    }

    #[cold]
    fn settle_locked(&self, ticket: &Ticket, outcome: Outcome, busy: Duration, now: Nanos) {
        let mut machine = self.lock();
        let beside = self.beside(&machine, now);
        let change = machine.settle_beside(ticket, outcome, busy, beside, now);
        self.publish(&machine);
        drop(machine);
        self.tell(change);
    }
}

//! The permit that borrows nothing.

use core::fmt;
use std::sync::Arc;

use steadfast_clock::{Clock, Nanos, System};

use super::debug;
use crate::{Breaker, CircuitBreaker, Observer, Outcome, Rejected, Ticket};

/// An admitted call that owns a share of its breaker, so that it can move to another task or into a response.
///
/// Dropped without a word (the call was cancelled, or panicked) it counts as [`Outcome::Abandoned`]: a probe's place is
/// free again at once, nothing else changes.
#[must_use = "a permit that is dropped abandons its call"]
pub struct OwnedPermit<C: Clock = System> {
    breaker: Shared,
    clock: C,
    /// Taken when the call is settled.
    ticket: Option<Ticket>,
    started: Option<Nanos>,
    probe: bool,
    /// Whether the breaker need be told of nothing but a failure.
    quiet: bool,
}

/// The breaker, its type erased.
enum Shared {
    /// One of ours, which knows when it needs the time.
    Ours(Arc<dyn SettleBy>),
    /// Anyone's, which is told the time always.
    Any(Arc<dyn Breaker>),
}

/// Settling with a clock rather than a time.
trait SettleBy: Send + Sync {
    fn settle_by(&self, ticket: Ticket, outcome: Outcome, started: Option<Nanos>, clock: &dyn Clock);
}

impl<O: Observer> SettleBy for CircuitBreaker<O> {
    fn settle_by(&self, ticket: Ticket, outcome: Outcome, started: Option<Nanos>, clock: &dyn Clock) {
        Self::settle_by(self, ticket, outcome, started, clock);
    }
}

impl<C: Clock> OwnedPermit<C> {
    /// Asks any `breaker` to admit one call now. A [`CircuitBreaker`] has
    /// [`permit_owned`](CircuitBreaker::permit_owned), which reads the clock less.
    ///
    /// # Errors
    ///
    /// [`Rejected`] when it does not.
    pub fn new(breaker: Arc<dyn Breaker>, clock: C) -> Result<Self, Rejected> {
        let now = clock.now();
        let ticket = breaker.admit(now)?;
        let probe = ticket.is_probe();
        Ok(Self { breaker: Shared::Any(breaker), clock, ticket: Some(ticket), started: Some(now), probe, quiet: false })
    }

    #[inline]
    pub(crate) fn share<O>(breaker: &Arc<CircuitBreaker<O>>, clock: C) -> Result<Self, Rejected>
    where
        O: Observer + 'static,
    {
        let (ticket, started) = breaker.admit_by(&clock)?;
        let probe = ticket.is_probe();
        let quiet = !probe && breaker.ignores_successes();
        let breaker = Shared::Ours(Arc::<CircuitBreaker<O>>::clone(breaker));
        Ok(Self { breaker, clock, ticket: Some(ticket), started, probe, quiet })
    }

    /// The call succeeded.
    #[inline]
    pub fn success(self) {
        self.settle(Outcome::Success);
    }

    /// The call failed, and that speaks against the callee.
    #[inline]
    pub fn failure(self) {
        self.settle(Outcome::Failure);
    }

    /// The call ended and says nothing about the callee's health.
    #[inline]
    pub fn ignored(self) {
        self.settle(Outcome::Ignored);
    }

    /// The call ended with `outcome`.
    #[inline]
    pub fn settle(mut self, outcome: Outcome) {
        self.end(outcome);
    }

    /// Whether the call is a half-open breaker's probe.
    #[must_use]
    pub const fn is_probe(&self) -> bool {
        self.probe
    }

    /// When the call was admitted, where the breaker asked the clock: always but while a [`CircuitBreaker`] is closed
    /// under a rule that does not judge slowness.
    #[must_use]
    pub const fn started(&self) -> Option<Nanos> {
        self.started
    }

    #[inline]
    fn end(&mut self, outcome: Outcome) {
        if !self.quiet || outcome == Outcome::Failure {
            self.tell(outcome);
        }
    }

    #[inline(never)]
    fn tell(&mut self, outcome: Outcome) {
        let Some(ticket) = self.ticket.take() else { return };
        match &self.breaker {
            Shared::Ours(breaker) => breaker.settle_by(ticket, outcome, self.started, &self.clock),
            Shared::Any(breaker) => {
                let now = self.clock.now();
                let busy = now.since(self.started.unwrap_or(now));
                breaker.settle(ticket, outcome, busy, now);
            }
        }
    }
}

impl<C: Clock> Drop for OwnedPermit<C> {
    #[inline]
    fn drop(&mut self) {
        self.end(Outcome::Abandoned);
    }
}

impl<C: Clock> fmt::Debug for OwnedPermit<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug("OwnedPermit", self.started, self.probe, f)
    }
}

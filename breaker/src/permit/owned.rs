//! The permit that borrows nothing.

use core::fmt;
use std::sync::Arc;

use steadfast_clock::{Clock, Nanos, System};

use super::debug;
use crate::{CircuitBreaker, Observer, Outcome, Rejected, Ticket};

/// An admitted call that owns a share of its breaker, so that it can move to another task or into a response.
///
/// Dropped without a word (the call was cancelled, or panicked) it counts as [`Outcome::Abandoned`]: a probe's place is
/// free again at once, nothing else changes.
#[must_use = "a permit that is dropped abandons its call"]
pub struct OwnedPermit<C: Clock = System, O: Observer = ()> {
    breaker: Arc<CircuitBreaker<O>>,
    clock: C,
    /// Taken when the call is settled.
    ticket: Option<Ticket>,
    started: Option<Nanos>,
}

impl<C: Clock, O: Observer> OwnedPermit<C, O> {
    /// Asks `breaker` to admit one call now.
    ///
    /// # Errors
    ///
    /// [`Rejected`] when it does not.
    #[inline]
    pub fn new(breaker: Arc<CircuitBreaker<O>>, clock: C) -> Result<Self, Rejected> {
        let (ticket, started) = breaker.admit_by(&clock)?;
        Ok(Self { breaker, clock, ticket: Some(ticket), started })
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
    pub fn is_probe(&self) -> bool {
        self.ticket.as_ref().is_some_and(Ticket::is_probe)
    }

    /// When the call was admitted, where the breaker asked the clock: always but while closed under a rule that does
    /// not judge slowness.
    #[must_use]
    pub const fn started(&self) -> Option<Nanos> {
        self.started
    }

    #[inline]
    fn end(&mut self, outcome: Outcome) {
        if let Some(ticket) = self.ticket.take() {
            self.breaker.settle_by(ticket, outcome, self.started, &self.clock);
        }
    }
}

impl<C: Clock, O: Observer> Drop for OwnedPermit<C, O> {
    #[inline]
    fn drop(&mut self) {
        self.end(Outcome::Abandoned);
    }
}

impl<C: Clock, O: Observer> fmt::Debug for OwnedPermit<C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug("OwnedPermit", self.started, self.is_probe(), f)
    }
}

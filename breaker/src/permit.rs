//! Guards of admitted calls: dropping one is the defined outcome "abandoned".

mod owned;

use core::{fmt, mem};

use steadfast_clock::{Clock, Nanos};

pub use self::owned::OwnedPermit;
use crate::{CircuitBreaker, Observer, Outcome, Rejected, Ticket};

/// An admitted call, borrowed from its breaker.
///
/// Dropped without a word (the call was cancelled, or panicked) it counts as [`Outcome::Abandoned`]: a probe's place is
/// free again at once, nothing else changes.
#[must_use = "a permit that is dropped abandons its call"]
pub struct Permit<'a, C: Clock + ?Sized, O: Observer = ()> {
    breaker: &'a CircuitBreaker<O>,
    clock: &'a C,
    ticket: Ticket,
    started: Option<Nanos>,
}

impl<'a, C: Clock + ?Sized, O: Observer> Permit<'a, C, O> {
    /// Asks `breaker` to admit one call now.
    ///
    /// # Errors
    ///
    /// [`Rejected`] when it does not.
    #[inline]
    pub fn new(breaker: &'a CircuitBreaker<O>, clock: &'a C) -> Result<Self, Rejected> {
        let (ticket, started) = breaker.admit_by(clock)?;
        Ok(Self { breaker, clock, ticket, started })
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
    pub fn settle(self, outcome: Outcome) {
        self.breaker.settle_by(self.ticket.again(), outcome, self.started, self.clock);
        // Nothing is left to drop: it owns nothing.
        mem::forget(self);
    }

    /// Whether the call is a half-open breaker's probe.
    #[must_use]
    pub const fn is_probe(&self) -> bool {
        self.ticket.is_probe()
    }

    /// When the call was admitted, where the breaker asked the clock: always but while closed under a rule that does
    /// not judge slowness.
    #[must_use]
    pub const fn started(&self) -> Option<Nanos> {
        self.started
    }
}

impl<C: Clock + ?Sized, O: Observer> Drop for Permit<'_, C, O> {
    #[inline]
    fn drop(&mut self) {
        self.breaker.settle_by(self.ticket.again(), Outcome::Abandoned, self.started, self.clock);
    }
}

impl<C: Clock + ?Sized, O: Observer> fmt::Debug for Permit<'_, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug("Permit", self.started, self.is_probe(), f)
    }
}

fn debug(name: &str, started: Option<Nanos>, probe: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.debug_struct(name).field("started", &started).field("probe", &probe).finish_non_exhaustive()
}

//! Guards of admitted calls: dropping one is the defined outcome "abandoned".

use core::fmt;
use std::sync::Arc;

use steadfast_clock::{Clock, Nanos, System};

use crate::{Breaker, Outcome, Rejected, Ticket};

/// An admitted call, borrowed from its breaker.
///
/// Dropped without a word (the call was cancelled, or panicked) it counts as [`Outcome::Abandoned`]: a probe's place is
/// free again at once, nothing else changes.
#[must_use = "a permit that is dropped abandons its call"]
pub struct Permit<'a> {
    breaker: &'a dyn Breaker,
    clock: &'a (dyn Clock + Sync),
    open: Open,
}

/// An admitted call that owns a share of its breaker, so that it can move to another task or into a response.
///
/// Dropped without a word (the call was cancelled, or panicked) it counts as [`Outcome::Abandoned`]: a probe's place is
/// free again at once, nothing else changes.
#[must_use = "a permit that is dropped abandons its call"]
pub struct OwnedPermit<C: Clock = System> {
    breaker: Arc<dyn Breaker>,
    clock: C,
    open: Open,
}

/// The part of a permit that is left to settle.
struct Open {
    ticket: Option<Ticket>,
    started: Nanos,
    probe: bool,
}

impl Open {
    fn admit(breaker: &dyn Breaker, now: Nanos) -> Result<Self, Rejected> {
        let ticket = breaker.admit(now)?;
        Ok(Self { probe: ticket.is_probe(), ticket: Some(ticket), started: now })
    }

    fn settle(&mut self, breaker: &dyn Breaker, clock: &dyn Clock, outcome: Outcome) {
        if let Some(ticket) = self.ticket.take() {
            let now = clock.now();
            breaker.settle(ticket, outcome, now.since(self.started), now);
        }
    }
}

impl<'a> Permit<'a> {
    /// Asks `breaker` to admit one call now.
    ///
    /// # Errors
    ///
    /// [`Rejected`] when it does not.
    pub fn new(breaker: &'a dyn Breaker, clock: &'a (impl Clock + Sync)) -> Result<Self, Rejected> {
        let open = Open::admit(breaker, clock.now())?;
        Ok(Self { breaker, clock, open })
    }
}

impl<C: Clock> OwnedPermit<C> {
    /// Asks `breaker` to admit one call now.
    ///
    /// # Errors
    ///
    /// [`Rejected`] when it does not.
    pub fn new(breaker: Arc<dyn Breaker>, clock: C) -> Result<Self, Rejected> {
        let open = Open::admit(&*breaker, clock.now())?;
        Ok(Self { breaker, clock, open })
    }
}

macro_rules! settle {
    () => {
        /// The call succeeded.
        pub fn success(self) {
            self.settle(Outcome::Success);
        }

        /// The call failed, and that speaks against the callee.
        pub fn failure(self) {
            self.settle(Outcome::Failure);
        }

        /// The call ended and says nothing about the callee's health.
        pub fn ignored(self) {
            self.settle(Outcome::Ignored);
        }

        /// The call ended with `outcome`.
        pub fn settle(mut self, outcome: Outcome) {
            self.end(outcome);
        }

        /// Whether the call is a half-open breaker's probe.
        #[must_use]
        pub const fn is_probe(&self) -> bool {
            self.open.probe
        }

        /// When the call was admitted.
        #[must_use]
        pub const fn started(&self) -> Nanos {
            self.open.started
        }
    };
}

impl Permit<'_> {
    settle!();

    fn end(&mut self, outcome: Outcome) {
        self.open.settle(self.breaker, self.clock, outcome);
    }
}

impl<C: Clock> OwnedPermit<C> {
    settle!();

    fn end(&mut self, outcome: Outcome) {
        self.open.settle(&*self.breaker, &self.clock, outcome);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.end(Outcome::Abandoned);
    }
}

impl<C: Clock> Drop for OwnedPermit<C> {
    fn drop(&mut self) {
        self.end(Outcome::Abandoned);
    }
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.open.fmt_as("Permit", f)
    }
}

impl<C: Clock> fmt::Debug for OwnedPermit<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.open.fmt_as("OwnedPermit", f)
    }
}

impl Open {
    fn fmt_as(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name).field("started", &self.started).field("probe", &self.probe).finish_non_exhaustive()
    }
}

//! What was taken from several limits, until it is known what was used.

use core::fmt;

use alloc::vec::Vec;

use steadfast_clock::{Clock, Nanos};

use super::{Limits, WrongCosts};
use crate::Grant;

/// Costs taken from all limits of a [`Limits`]. Settle it; dropped it gives everything back, also when a panic or a
/// cancelled task does.
#[must_use = "a reservation that is not kept is given back at once"]
pub struct Reservation<C: Clock> {
    limits: Limits<C>,
    grants: Vec<Grant>,
}

impl<C: Clock> Reservation<C> {
    pub(super) const fn new(limits: Limits<C>, grants: Vec<Grant>) -> Self {
        Self { limits, grants }
    }

    /// What was taken, in the order of the limits.
    pub fn costs(&self) -> impl Iterator<Item = u64> + '_ {
        self.grants.iter().map(Grant::cost)
    }

    /// Ends it by what was used: less than reserved is given back, as far as it has not decayed; more is charged, and
    /// later calls wait for it.
    ///
    /// # Errors
    ///
    /// When there are not as many costs as limits. Then all that was reserved counts as used.
    pub fn settle(mut self, used: &[u64], now: Nanos) -> Result<(), WrongCosts> {
        let grants = core::mem::take(&mut self.grants);
        for ((limit, used), grant) in self.limits.pair(used)?.zip(grants) {
            let reserved = grant.cost();
            if used > reserved {
                limit.limiter.charge(used - reserved, now);
            } else {
                limit.limiter.refund(grant, reserved - used, now);
            }
        }
        Ok(())
    }

    /// Ends it as used in full.
    pub fn keep(mut self) {
        self.grants.clear();
    }
}

impl<C: Clock> Drop for Reservation<C> {
    fn drop(&mut self) {
        if self.grants.is_empty() {
            return;
        }
        let now = self.limits.clock.now();
        for (limit, grant) in self.limits.shared.limits.iter().zip(self.grants.drain(..)) {
            let cost = grant.cost();
            limit.limiter.refund(grant, cost, now);
        }
    }
}

impl<C: Clock> fmt::Debug for Reservation<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation").field("limits", &self.limits).field("grants", &self.grants).finish()
    }
}

//! Permits taken many at a time, and spent without touching what is shared.

use core::cell::Cell;

use steadfast_clock::Nanos;

use crate::decision::Origin;
use crate::{Decision, Grant, Limiter};

/// A stock of permits for one thread or task: taken from the shared limiter `size` at a time, spent without an atomic.
///
/// Where fewer are to be had it takes just what is asked for, so that the last permits of a burst are not out of reach.
/// Dropping it gives the rest back, as of the last point that it was used at; [`release`](Self::release) does so as of
/// now.
///
/// What is in stock was admitted when it was taken, and may be spent later. The law of the limiter is therefore
///
/// **within any span `t` at most `burst + rate * t` is admitted, and the sizes of all leases more**.
///
/// Its time does not go backwards: an earlier point than it has been used at before counts as that one.
///
/// A pause or another quota reaches a lease with its next filling. Grants carry the point that their permits were taken
/// at: they decay from there, and [`refund`](Limiter::refund) gives them back to the shared limiter, not to the stock.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use steadfast_clock::{Clock, ManualClock};
/// use steadfast_ratelimit::{Lease, Limiter, Quota, RateLimiter};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = ManualClock::new();
/// let limiter = Arc::new(RateLimiter::with_clock(Quota::per_second(1000)?.burst(100)?, clock.clone()));
/// let lease = Lease::new(Arc::clone(&limiter), 64);
/// for _ in 0..10 {
///     lease.take(1, clock.now()).into_result()?;
/// }
/// assert_eq!(lease.stock(), 54);
/// drop(lease);
/// limiter.try_acquire(90)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Lease<L: Limiter> {
    limiter: L,
    size: u64,
    stock: Cell<u64>,
    /// What the stock was taken as: when, and by which grant.
    filled: Cell<(Nanos, Origin)>,
    /// The last point that it was used at.
    last: Cell<Nanos>,
}

impl<L: Limiter> Lease<L> {
    /// A lease that takes `size` at a time; at first it has nothing. With a size of 0 or 1, or above the burst, it only
    /// passes on what is asked for.
    #[must_use]
    pub const fn new(limiter: L, size: u64) -> Self {
        Self {
            limiter,
            size,
            stock: Cell::new(0),
            filled: Cell::new((Nanos::ZERO, Origin::UNKNOWN)),
            last: Cell::new(Nanos::ZERO),
        }
    }

    /// How many permits it takes at a time.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// How many permits it holds.
    #[must_use]
    pub fn stock(&self) -> u64 {
        self.stock.get()
    }

    /// Gives back what it holds, as of `now`: so much of it as has not decayed since it was taken.
    pub fn release(&self, now: Nanos) {
        let rest = self.stock.replace(0);
        if rest > 0 {
            self.limiter.refund(self.part(rest), rest, now);
        }
    }

    /// A grant of `cost` of what it was filled with.
    #[inline]
    fn part(&self, cost: u64) -> Grant {
        let (at, origin) = self.filled.get();
        Grant::from(origin, cost, at)
    }

    #[cold]
    fn fill(&self, cost: u64, now: Nanos) -> Decision {
        if cost > self.size {
            return self.limiter.take(cost, now);
        }
        let stock = self.stock.get();
        let missing = cost - stock;
        let (filled, got) = match self.limiter.take(self.size, now) {
            Decision::Allow(filled) => (filled, self.size),
            Decision::Deny(_) => match self.limiter.take(missing, now) {
                Decision::Allow(filled) => (filled, missing),
                denied @ Decision::Deny(_) => return denied,
            },
        };
        // The old stock goes first. A grant of both is as old as the older: none of it decays later than it did.
        let grant = if stock == 0 {
            Grant::from(filled.origin, cost, filled.at())
        } else {
            Grant::from(self.filled.get().1, cost, self.filled.get().0.min(filled.at()))
        };
        self.filled.set((filled.at(), filled.origin));
        self.stock.set(got - missing);
        Decision::Allow(grant)
    }
}

impl<L: Limiter> Limiter for Lease<L> {
    #[inline]
    fn take(&self, cost: u64, now: Nanos) -> Decision {
        let now = now.max(self.last.get());
        self.last.set(now);
        match self.stock.get().checked_sub(cost) {
            Some(rest) => {
                self.stock.set(rest);
                Decision::Allow(self.part(cost))
            }
            None => self.fill(cost, now),
        }
    }

    fn peek(&self, cost: u64, now: Nanos) -> Decision {
        let now = now.max(self.last.get());
        let missing = if cost > self.size { cost } else { cost.saturating_sub(self.stock.get()) };
        match self.limiter.peek(missing, now) {
            Decision::Allow(_) => Decision::Allow(Grant::new(0, now)),
            denied @ Decision::Deny(_) => denied,
        }
    }

    fn charge(&self, cost: u64, now: Nanos) {
        self.limiter.charge(cost, now);
    }

    fn refund(&self, grant: Grant, unused: u64, now: Nanos) {
        self.limiter.refund(grant, unused, now);
    }
}

impl<L: Limiter> Drop for Lease<L> {
    fn drop(&mut self) {
        self.release(self.last.get());
    }
}

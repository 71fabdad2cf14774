//! The shared limiter: one cell, changed by compare-and-swap.

use core::sync::atomic::{AtomicU64, Ordering};

#[cfg(feature = "std")]
use steadfast_clock::System;
use steadfast_clock::{Clock, Nanos};

use crate::{Decision, Denied, Gcra, Grant, Limiter, Quota};

/// A rate limiter for many threads, lock-free. Share it by reference or in an `Arc`.
///
/// It has a clock of its own for [`try_acquire`](Self::try_acquire) only; the [`Limiter`] methods take the time as an
/// argument. Use one clock for both: points of different clocks do not compare.
///
/// ```
/// use std::time::Duration;
/// use steadfast_clock::ManualClock;
/// use steadfast_ratelimit::{Quota, RateLimiter};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = ManualClock::new();
/// let limiter = RateLimiter::with_clock(Quota::per_second(10)?.burst(2)?, clock.clone());
/// limiter.try_acquire(2)?;
/// assert!(limiter.try_acquire(1).is_err());
/// clock.advance(Duration::from_millis(100));
/// limiter.try_acquire(1)?;
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "std")]
#[derive(Debug)]
pub struct RateLimiter<C = System> {
    pub(crate) cell: Cell,
    clock: C,
    #[cfg(feature = "tokio")]
    pub(crate) line: crate::line::Line,
}

/// A rate limiter for many threads, lock-free. Share it by reference or in an `Arc`.
///
/// It has a clock of its own for [`try_acquire`](Self::try_acquire) only; the [`Limiter`] methods take the time as an
/// argument. Use one clock for both: points of different clocks do not compare.
#[cfg(not(feature = "std"))]
#[derive(Debug)]
pub struct RateLimiter<C> {
    cell: Cell,
    clock: C,
}

/// What threads share: the GCRA cell, and the latest point that anything was admitted at.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) gcra: Gcra,
    tat: AtomicU64,
    /// Refunds need it: a thread's own `now` may lag behind what another has already taken.
    latest: AtomicU64,
}

#[cfg(feature = "std")]
impl RateLimiter {
    /// A limiter on the system clock, with a full burst.
    #[must_use]
    pub const fn new(quota: Quota) -> Self {
        Self::with_clock(quota, System::new())
    }
}

impl<C> RateLimiter<C> {
    /// A limiter on `clock`, with a full burst.
    #[must_use]
    pub const fn with_clock(quota: Quota, clock: C) -> Self {
        Self {
            cell: Cell::new(quota),
            clock,
            #[cfg(feature = "tokio")]
            line: crate::line::Line::new(),
        }
    }

    /// Sets the name that denials carry; "rate" unless set.
    #[must_use]
    pub fn named(mut self, name: &'static str) -> Self {
        self.cell.gcra = self.cell.gcra.named(name);
        self
    }

    /// The quota.
    #[must_use]
    pub const fn quota(&self) -> Quota {
        self.cell.gcra.quota()
    }

    /// The name that denials carry.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.cell.gcra.name()
    }
}

impl<C: Clock> RateLimiter<C> {
    /// Takes `cost` now, by the limiter's own clock. Does not wait, and does not stand in line with those who do.
    ///
    /// # Errors
    ///
    /// [`Denied`], with the time until the same cost would be admitted.
    pub fn try_acquire(&self, cost: u64) -> Result<Grant, Denied> {
        self.take(cost, self.clock.now()).into_result()
    }
}

impl<C> Limiter for RateLimiter<C> {
    fn take(&self, cost: u64, now: Nanos) -> Decision {
        self.cell.take(cost, now)
    }

    fn peek(&self, cost: u64, now: Nanos) -> Decision {
        match self.cell.gcra.decide(self.cell.load(), cost, now) {
            (_, Decision::Allow(_)) => Decision::Allow(Grant::new(0, now)),
            (_, denied) => denied,
        }
    }

    fn charge(&self, cost: u64, now: Nanos) {
        self.cell.note(now);
        self.cell.update(|tat| self.cell.gcra.charge(tat, cost, now));
    }

    fn refund(&self, grant: Grant, unused: u64, now: Nanos) {
        self.cell.update(|tat| {
            // After the cell: whoever changed it before had noted the time before.
            let latest = Nanos::from_nanos(self.cell.latest.load(Ordering::Acquire)).max(now);
            self.cell.gcra.refund(tat, &grant, unused, latest)
        });
    }
}

impl Cell {
    const fn new(quota: Quota) -> Self {
        Self { gcra: Gcra::new(quota), tat: AtomicU64::new(0), latest: AtomicU64::new(0) }
    }

    pub(crate) fn load(&self) -> u64 {
        self.tat.load(Ordering::Acquire)
    }

    pub(crate) fn take(&self, cost: u64, now: Nanos) -> Decision {
        let mut tat = self.load();
        let mut noted = false;
        loop {
            let (next, decision) = self.gcra.decide(tat, cost, now);
            if next == tat {
                return decision;
            }
            if !noted {
                self.note(now);
                noted = true;
            }
            match self.tat.compare_exchange_weak(tat, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return decision,
                Err(present) => tat = present,
            }
        }
    }

    /// Keeps `now` as the latest point, if it is. Before the cell changes, so that nobody sees the change without it.
    fn note(&self, now: Nanos) {
        self.latest.fetch_max(now.as_nanos(), Ordering::AcqRel);
    }

    fn update(&self, next: impl Fn(u64) -> u64) {
        let mut tat = self.load();
        while let Err(present) = self.tat.compare_exchange_weak(tat, next(tat), Ordering::AcqRel, Ordering::Acquire) {
            tat = present;
        }
    }
}

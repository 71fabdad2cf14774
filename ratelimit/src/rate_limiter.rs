//! The shared limiter: one cell, changed by compare-and-swap.

#[cfg(feature = "std")]
use steadfast_clock::System;
use steadfast_clock::{Clock, Nanos};

use crate::cell::Cell;
use crate::{Decision, Denied, Grant, Lease, Limiter, Quota};

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
    name: &'static str,
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
    name: &'static str,
    clock: C,
}

#[cfg(feature = "std")]
impl RateLimiter {
    /// A limiter on the system clock, with a full burst.
    #[must_use]
    pub fn new(quota: Quota) -> Self {
        Self::with_clock(quota, System::new())
    }
}

impl<C> RateLimiter<C> {
    /// A limiter on `clock`, with a full burst.
    #[must_use]
    pub fn with_clock(quota: Quota, clock: C) -> Self {
        Self {
            cell: Cell::new(quota),
            name: "rate",
            clock,
            #[cfg(feature = "tokio")]
            line: crate::line::Line::new(),
        }
    }

    /// Sets the name that denials carry; "rate" unless set.
    #[must_use]
    pub fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// The quota in force.
    #[must_use]
    pub fn quota(&self) -> Quota {
        self.cell.read().quota()
    }

    /// The name that denials carry.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Puts another quota in force, from `now` on. Takers go on meanwhile and never wait for this.
    ///
    /// What has been taken stays taken: what is owed in permits is kept, and earned at the new rate from here on. What
    /// the new burst has more is there at once; what it has less is owed. Waiters are judged anew.
    ///
    /// Within a span that covers the change at most the larger burst and what the two rates earn is admitted, each in
    /// its own part of the span; from the change on the new quota's law holds. To that end whoever comes with an earlier
    /// `now` than this one is judged, and its grant stamped, at this one. Should others have been judged at a later
    /// point already, then that is the point of the change; under load it is told up to 1,024 ns too late.
    ///
    /// Changes take constant time and come one after the other: a caller may have to wait for another who is at it.
    pub fn set_quota(&self, quota: Quota, now: Nanos) {
        self.cell.set_quota(&quota, now);
        self.wake();
    }

    /// Admits nothing before `at`, because a server said so. Of several pauses the one that ends last counts.
    ///
    /// Denials and waiters go by it. What is earned meanwhile is there afterwards, up to the burst; charges and refunds
    /// count as ever. Calls that are under way on other threads may still be admitted. A pause to the end of the clock
    /// is told as `None`, never.
    pub fn pause_until(&self, at: Nanos) {
        self.cell.pause_until(at);
    }

    /// Ends a pause.
    pub fn resume(&self) {
        self.cell.resume();
        self.wake();
    }

    /// Permits of `size` at a time for one thread or task, which then spends them without touching what is shared.
    ///
    /// An owned one comes from [`Lease::new`] and an `Arc` of the limiter.
    #[must_use]
    pub fn lease(&self, size: u64) -> Lease<&Self> {
        Lease::new(self, size)
    }

    /// Has the head of the line look again.
    #[cfg(feature = "tokio")]
    fn wake(&self) {
        self.line.changed.notify_one();
    }

    #[cfg(not(feature = "tokio"))]
    const fn wake(&self) {}
}

impl<C: Clock> RateLimiter<C> {
    /// Lets it start with nothing: the first permit is there after one interval, a full burst after as many as that is.
    /// Without this it starts with a full burst.
    #[must_use]
    pub fn starting_empty(self) -> Self {
        self.charge(self.quota().burst_size(), self.clock.now());
        self
    }

    /// Takes `cost` now, by the limiter's own clock. Does not wait, and does not stand in line with those who do.
    ///
    /// # Errors
    ///
    /// [`Denied`], with the time until the same cost would be admitted.
    #[inline]
    pub fn try_acquire(&self, cost: u64) -> Result<Grant, Denied> {
        self.take(cost, self.clock.now()).into_result()
    }
}

impl<C> Limiter for RateLimiter<C> {
    #[inline]
    fn take(&self, cost: u64, now: Nanos) -> Decision {
        self.cell.take(self.name, cost, now)
    }

    fn peek(&self, cost: u64, now: Nanos) -> Decision {
        self.cell.peek(self.name, cost, now)
    }

    fn charge(&self, cost: u64, now: Nanos) {
        self.cell.charge(cost, now);
    }

    fn refund(&self, grant: Grant, unused: u64, now: Nanos) {
        self.cell.refund(&grant, unused, now);
    }
}

//! Following a server: what it says about its limit, applied to ours.

use core::time::Duration;

use steadfast_clock::Nanos;

use crate::{Decision, Limiter, RateLimiter};

/// What a server said about a limit of its own, in headers such as `x-ratelimit-remaining-requests` or `ratelimit-reset`.
///
/// ```
/// use std::time::Duration;
/// use steadfast_clock::{Clock, ManualClock};
/// use steadfast_ratelimit::{Observed, Quota, RateLimiter};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = ManualClock::new();
/// let requests = RateLimiter::with_clock(Quota::per_minute(60)?.burst(60)?, clock.clone());
/// let headers = Observed::new().remaining(2).resets_in(Duration::from_secs(20));
/// headers.apply(&requests, clock.now());
/// requests.try_acquire(2)?;
/// assert!(requests.try_acquire(1).is_err(), "somebody else uses the same key");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observed {
    /// How much the server admits in a window.
    pub limit: Option<u64>,
    /// How much of it is left.
    pub remaining: Option<u64>,
    /// When all of it is there again.
    pub resets_in: Option<Duration>,
}

impl Observed {
    /// Nothing said.
    #[must_use]
    pub const fn new() -> Self {
        Self { limit: None, remaining: None, resets_in: None }
    }

    /// Sets how much the server admits in a window.
    #[must_use]
    pub const fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Sets how much of it is left.
    #[must_use]
    pub const fn remaining(mut self, remaining: u64) -> Self {
        self.remaining = Some(remaining);
        self
    }

    /// Sets when all of it is there again.
    #[must_use]
    pub const fn resets_in(mut self, resets_in: Duration) -> Self {
        self.resets_in = Some(resets_in);
        self
    }

    /// Holds `limiter` to it, which only ever becomes stricter.
    ///
    /// With nothing left it pauses until the reset, if that is known. With less left than the limiter would admit at
    /// once the difference is charged. That the server has more left than we think gives nothing back: it does not know
    /// yet what is under way.
    pub fn apply<C>(&self, limiter: &RateLimiter<C>, now: Nanos) {
        if let (Some(0), Some(resets_in)) = (self.remaining, self.resets_in) {
            limiter.pause_until(now.saturating_add(resets_in));
        }
        if let Some(remaining) = self.remaining {
            limiter.charge(level(limiter, now).saturating_sub(remaining), now);
        }
    }
}

/// How much the limiter would admit at once.
fn level<C>(limiter: &RateLimiter<C>, now: Nanos) -> u64 {
    // The answers are ordered: everything up to the level is admitted, and nothing above.
    let (mut admitted, mut denied) = (0, limiter.quota().burst_size().saturating_add(1));
    while denied - admitted > 1 {
        let middle = admitted + (denied - admitted) / 2;
        match limiter.peek(middle, now) {
            Decision::Allow(_) => admitted = middle,
            Decision::Deny(_) => denied = middle,
        }
    }
    admitted
}

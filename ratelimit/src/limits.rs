//! Several limits at once: requests and tokens a minute, money a day.

#[cfg(feature = "tokio")]
mod acquire;
mod error;
mod reservation;

use core::fmt;

use alloc::sync::Arc;
use alloc::vec::Vec;

use steadfast_clock::{Clock, Nanos};

use crate::{Decision, Denied, Grant, Limiter};

pub use error::{LimitsError, WrongCosts};
pub use reservation::Reservation;

/// Several limits that a call has to pass together, each with a cost of its own.
///
/// A reservation takes from all of them or, for its caller, from none. What is reserved is settled by what was used in
/// the end; dropped unsettled it is given back whole. The clock is for that: points of time that are given elsewhere
/// have to be from the same one.
///
/// ```
/// use std::sync::Arc;
/// use steadfast_clock::{Clock, ManualClock};
/// use steadfast_ratelimit::{Limits, Quota, RateLimiter};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = ManualClock::new();
/// let model = Limits::new(clock.clone())
///     .with("requests", Arc::new(RateLimiter::with_clock(Quota::per_minute(60)?.burst(10)?, clock.clone())))
///     .with("tokens", Arc::new(RateLimiter::with_clock(Quota::per_minute(90_000)?.burst(8_000)?, clock.clone())));
///
/// let reserved = model.reserve(&[1, 2_000], clock.now())?;
/// // ... the answer took 1,200 tokens:
/// reserved.settle(&[1, 1_200], clock.now())?;
/// assert!(model.peek(&[1, 6_700], clock.now()).is_ok());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Limits<C> {
    shared: Arc<Shared>,
    clock: C,
}

struct Shared {
    limits: Vec<Limit>,
    #[cfg(feature = "tokio")]
    line: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Limit {
    name: &'static str,
    limiter: Arc<dyn Limiter + Send + Sync>,
}

impl Shared {
    fn new(limits: Vec<Limit>) -> Arc<Self> {
        Arc::new(Self {
            limits,
            #[cfg(feature = "tokio")]
            line: tokio::sync::Mutex::const_new(()),
        })
    }
}

impl<C> Limits<C> {
    /// No limits yet.
    #[must_use]
    pub fn new(clock: C) -> Self {
        Self { shared: Shared::new(Vec::new()), clock }
    }

    /// One more limit, after those before; denials carry this name.
    ///
    /// For clones that were made before, nothing changes.
    #[must_use]
    pub fn with(self, name: &'static str, limiter: Arc<dyn Limiter + Send + Sync>) -> Self {
        let mut limits = self.shared.limits.clone();
        limits.push(Limit { name, limiter });
        Self { shared: Shared::new(limits), clock: self.clock }
    }

    /// The names of the limits, in the order of their costs.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.shared.limits.iter().map(|limit| limit.name)
    }

    /// Whether [`reserve`](Self::reserve) would take.
    ///
    /// # Errors
    ///
    /// Those of [`reserve`](Self::reserve).
    pub fn peek(&self, costs: &[u64], now: Nanos) -> Result<(), LimitsError> {
        let pairs = self.pair(costs)?;
        match longest(pairs.filter_map(|(limit, cost)| limit.denies(limit.limiter.peek(cost, now)))) {
            Some(denied) => Err(LimitsError::Denied(denied)),
            None => Ok(()),
        }
    }

    /// Takes every cost from its limit, in the order of the limits, or nothing.
    ///
    /// Concurrent callers may be denied by what another takes and gives back at once because a later limit denies it;
    /// no limit ever admits more than it would alone.
    ///
    /// # Errors
    ///
    /// [`LimitsError::Denied`] by the limit that takes longest, when one denies; [`LimitsError::WrongCosts`] when there
    /// are not as many costs as limits.
    pub fn reserve(&self, costs: &[u64], now: Nanos) -> Result<Reservation<C>, LimitsError>
    where
        C: Clock + Clone,
    {
        // Asking first leaves no trace in those that would have to give back.
        self.peek(costs, now)?;
        let mut grants: Vec<Grant> = Vec::with_capacity(costs.len());
        for (limit, cost) in self.pair(costs)? {
            match limit.limiter.take(cost, now) {
                Decision::Allow(grant) => grants.push(grant),
                Decision::Deny(denied) => {
                    for (limit, grant) in self.shared.limits.iter().zip(grants) {
                        let cost = grant.cost();
                        limit.limiter.refund(grant, cost, now);
                    }
                    return Err(LimitsError::Denied(limit.sign(denied)));
                }
            }
        }
        Ok(Reservation::new(self.clone(), grants))
    }

    /// Each limit with its cost.
    fn pair<'a>(&'a self, costs: &'a [u64]) -> Result<impl Iterator<Item = (&'a Limit, u64)>, WrongCosts> {
        let limits = &self.shared.limits;
        if limits.len() == costs.len() {
            Ok(limits.iter().zip(costs.iter().copied()))
        } else {
            Err(WrongCosts::new(limits.len(), costs.len()))
        }
    }
}

impl Limit {
    fn sign(&self, denied: Denied) -> Denied {
        Denied::new(self.name, denied.after, denied.max_cost)
    }

    fn denies(&self, decision: Decision) -> Option<Denied> {
        decision.into_result().err().map(|denied| self.sign(denied))
    }
}

/// The denial that takes longest; never is longest of all.
fn longest(denials: impl Iterator<Item = Denied>) -> Option<Denied> {
    denials.reduce(|longest, denied| match (longest.after, denied.after) {
        (Some(least), Some(after)) if after > least => denied,
        (Some(_), None) => denied,
        _ => longest,
    })
}

impl<C> fmt::Debug for Limits<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Limits").field(&self.names().collect::<Vec<_>>()).finish()
    }
}

//! The [`Budget`] trait: how many retries all calls together may make.

#[cfg(target_has_atomic = "64")]
mod builder;
#[cfg(target_has_atomic = "64")]
mod credit;
#[cfg(target_has_atomic = "64")]
mod retry_budget;

use alloc::boxed::Box;
use alloc::sync::Arc;

use steadfast_clock::Nanos;

#[cfg(target_has_atomic = "64")]
pub use self::{builder::RetryBudgetBuilder, retry_budget::RetryBudget};

/// A store of retries that many calls share, filled by successes, so that an outage is not answered with a storm.
/// [`RetryBudget`] is the one to use.
///
/// Withdrawn retries do not come back when a call is cancelled during its wait.
pub trait Budget: Send + Sync {
    /// A call succeeded.
    fn deposit(&self, now: Nanos);

    /// Takes `cost` for one retry, all or nothing; `false` when there is not enough, and the call ends.
    ///
    /// The unit is the implementation's own; an ordinary retry costs 1.
    fn withdraw(&self, cost: u32, now: Nanos) -> bool;
}

/// A budget that never runs out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a unit struct for good, so that it can be written as a value")]
pub struct Unlimited;

impl Budget for Unlimited {
    fn deposit(&self, _now: Nanos) {}

    fn withdraw(&self, _cost: u32, _now: Nanos) -> bool {
        true
    }
}

impl<B: Budget + ?Sized> Budget for &B {
    fn deposit(&self, now: Nanos) {
        (**self).deposit(now);
    }

    fn withdraw(&self, cost: u32, now: Nanos) -> bool {
        (**self).withdraw(cost, now)
    }
}

impl<B: Budget + ?Sized> Budget for Box<B> {
    fn deposit(&self, now: Nanos) {
        (**self).deposit(now);
    }

    fn withdraw(&self, cost: u32, now: Nanos) -> bool {
        (**self).withdraw(cost, now)
    }
}

impl<B: Budget + ?Sized> Budget for Arc<B> {
    fn deposit(&self, now: Nanos) {
        (**self).deposit(now);
    }

    fn withdraw(&self, cost: u32, now: Nanos) -> bool {
        (**self).withdraw(cost, now)
    }
}

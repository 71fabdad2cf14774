//! The stable trait: take, ask, charge, give back.

use alloc::boxed::Box;
use alloc::sync::Arc;

use steadfast_clock::Nanos;

use crate::{Decision, Grant};

/// Something that limits how often. Dyn-compatible; never blocks.
///
/// All points of time that one limiter is given come from the same clock. A cost of 0 is always admitted.
pub trait Limiter {
    /// Takes `cost` now, or tells how long until it could be.
    fn take(&self, cost: u64, now: Nanos) -> Decision;

    /// What [`take`](Self::take) would answer, without taking. The grant of this answer has a cost of 0.
    fn peek(&self, cost: u64, now: Nanos) -> Decision;

    /// Takes `cost` that is already spent, whatever the limit: later costs wait for it.
    fn charge(&self, cost: u64, now: Nanos);

    /// Gives back `unused` of a grant's cost, at most so much as has not decayed since.
    fn refund(&self, grant: Grant, unused: u64, now: Nanos);
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<L: Limiter + ?Sized> Limiter for $pointer {
            fn take(&self, cost: u64, now: Nanos) -> Decision {
                (**self).take(cost, now)
            }

            fn peek(&self, cost: u64, now: Nanos) -> Decision {
                (**self).peek(cost, now)
            }

            fn charge(&self, cost: u64, now: Nanos) {
                (**self).charge(cost, now);
            }

            fn refund(&self, grant: Grant, unused: u64, now: Nanos) {
                (**self).refund(grant, unused, now);
            }
        }
    )*};
}

forward!(&L, Arc<L>, Box<L>);

//! The stable trait: admit a call, settle its outcome.

use core::time::Duration;

use alloc::boxed::Box;
use alloc::sync::Arc;
use steadfast_clock::Nanos;

use crate::{Outcome, Rejected, Ticket};

/// Something that decides whether to call at all. Dyn-compatible; never blocks for longer than a short lock.
pub trait Breaker: Send + Sync {
    /// Decides on one call at `now`. An admitted call is to be settled.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the state and what is known of its end.
    fn admit(&self, now: Nanos) -> Result<Ticket, Rejected>;

    /// Takes the outcome of an admitted call that ended at `now` and took `busy`, the time in which the callee was
    /// at work.
    fn settle(&self, ticket: Ticket, outcome: Outcome, busy: Duration, now: Nanos);
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<B: Breaker + ?Sized> Breaker for $pointer {
            fn admit(&self, now: Nanos) -> Result<Ticket, Rejected> {
                (**self).admit(now)
            }

            fn settle(&self, ticket: Ticket, outcome: Outcome, busy: Duration, now: Nanos) {
                (**self).settle(ticket, outcome, busy, now);
            }
        }
    )*};
}

forward!(&B, Arc<B>, Box<B>);

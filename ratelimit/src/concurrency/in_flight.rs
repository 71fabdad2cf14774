//! Permits: held while something runs, given back when dropped.

use alloc::sync::Arc;

use super::Concurrency;

/// A permit. Dropping it gives it back, also when a panic does.
#[derive(Debug)]
#[must_use = "the permit is given back at once when it is not kept"]
pub struct InFlight<'a> {
    limit: &'a Concurrency,
    nth: u32,
}

/// A permit that holds on to its limit, and can be sent anywhere.
#[derive(Debug)]
#[must_use = "the permit is given back at once when it is not kept"]
pub struct OwnedInFlight {
    limit: Arc<Concurrency>,
    nth: u32,
}

impl<'a> InFlight<'a> {
    /// Of a permit that is counted already.
    pub(super) const fn new(limit: &'a Concurrency, nth: u32) -> Self {
        Self { limit, nth }
    }

    pub(super) fn into_owned(self, limit: &Arc<Concurrency>) -> OwnedInFlight {
        let nth = self.nth;
        core::mem::forget(self);
        OwnedInFlight { limit: Arc::clone(limit), nth }
    }

    /// How many were in flight when this permit was given, itself included.
    #[must_use]
    pub const fn nth(&self) -> u32 {
        self.nth
    }
}

impl OwnedInFlight {
    /// The limit that the permit is of.
    #[must_use]
    pub const fn limit(&self) -> &Arc<Concurrency> {
        &self.limit
    }

    /// How many were in flight when this permit was given, itself included.
    #[must_use]
    pub const fn nth(&self) -> u32 {
        self.nth
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.limit.leave();
    }
}

impl Drop for OwnedInFlight {
    fn drop(&mut self) {
        self.limit.leave();
    }
}

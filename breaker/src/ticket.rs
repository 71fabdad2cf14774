//! The stub that an admitted call hands back with its outcome.

use core::num::NonZeroU64;

/// Proof of one admission, to be settled once. It cannot be copied.
///
/// It remembers the breaker's generation, so that a result that comes late, from before a change of state, is told
/// from a present one. A ticket that is lost costs nothing while closed; a lost probe returns after the rule's
/// `probe_timeout`. Most callers want a `Permit` instead, which cannot be lost.
#[derive(Debug, PartialEq, Eq, Hash)]
#[must_use = "a ticket is settled with the outcome of its call"]
pub struct Ticket {
    generation: u64,
    probe: Option<NonZeroU64>,
}

impl Ticket {
    /// A ticket of `generation`; `probe` numbers a probe, so that its place can be told from others'. For those who
    /// implement [`Breaker`](crate::Breaker): a made-up ticket counts as whatever it says.
    pub const fn new(generation: u64, probe: Option<NonZeroU64>) -> Self {
        Self { generation, probe }
    }

    /// The same again, for a permit whose destructor stands by while it settles.
    #[cfg(all(feature = "std", target_has_atomic = "64"))]
    pub(crate) const fn again(&self) -> Self {
        Self { generation: self.generation, probe: self.probe }
    }

    /// How many changes of state the breaker had seen at admission.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// The number of the probe; `None` for a call admitted while closed.
    #[must_use]
    pub const fn probe(&self) -> Option<NonZeroU64> {
        self.probe
    }

    /// Whether the call is a probe.
    #[must_use]
    pub const fn is_probe(&self) -> bool {
        self.probe.is_some()
    }
}

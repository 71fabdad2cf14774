//! What two tiers were good for.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Tier;

/// What happened in two tiers since they were put together. Sums never go backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TieredStats {
    /// Look-ups that the fast tier answered.
    pub fast_hits: u64,
    /// Look-ups that the slow tier answered.
    pub slow_hits: u64,
    /// Look-ups that neither answered, whether or not both could tell.
    pub misses: u64,
    /// Entries of the slow tier that were then kept in the fast one.
    pub promotions: u64,
    /// Calls of the fast tier that failed.
    pub fast_failures: u64,
    /// Calls of the slow tier that failed.
    pub slow_failures: u64,
}

impl TieredStats {
    /// Nothing has happened.
    #[must_use]
    pub const fn new() -> Self {
        Self { fast_hits: 0, slow_hits: 0, misses: 0, promotions: 0, fast_failures: 0, slow_failures: 0 }
    }

    /// The share of look-ups that either tier answered, `0.0 ..= 1.0`; `None` before the first look-up.
    #[must_use]
    pub fn hit_rate(&self) -> Option<f64> {
        let hits = self.fast_hits.saturating_add(self.slow_hits);
        let lookups = hits.saturating_add(self.misses);
        (lookups > 0).then(|| hits as f64 / lookups as f64)
    }
}

/// The sums as they grow.
#[derive(Default)]
pub(super) struct Sums {
    hits: [AtomicU64; 2],
    failures: [AtomicU64; 2],
    misses: AtomicU64,
    promotions: AtomicU64,
}

impl Sums {
    pub(super) fn hit(&self, tier: Tier) {
        self.hits[tier as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self, tier: Tier) {
        self.failures[tier as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn missed(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn promoted(&self) {
        self.promotions.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> TieredStats {
        let [fast_hits, slow_hits] = [&self.hits[0], &self.hits[1]].map(|sum| sum.load(Ordering::Relaxed));
        let [fast_failures, slow_failures] =
            [&self.failures[0], &self.failures[1]].map(|sum| sum.load(Ordering::Relaxed));
        let [misses, promotions] = [&self.misses, &self.promotions].map(|sum| sum.load(Ordering::Relaxed));
        TieredStats { fast_hits, slow_hits, misses, promotions, fast_failures, slow_failures }
    }
}

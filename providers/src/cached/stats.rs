//! What a caching provider was good for.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::metered::Meter;
use crate::{CacheHit, HitKind, Usd};

/// What happened at a [`Cached`](crate::Cached) since it was made. Sums never go backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CachedStats {
    /// Calls that were answered from the cache, stale answers included.
    pub hits: u64,
    /// Calls that were answered with the answer to a similar question.
    pub similar: u64,
    /// Calls that were given the answer of another one at the same time.
    pub shared: u64,
    /// Calls that asked.
    pub misses: u64,
    /// Calls that had no leave to be answered from the cache, and asked.
    pub bypassed: u64,
    /// Failures of the cache.
    pub cache_errors: u64,
    /// Tokens of the answers that were given without asking.
    pub tokens_saved: u64,
    /// What those would cost, as far as their price is known.
    pub cost_saved: Usd,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) hits: AtomicU64,
    pub(super) similar: AtomicU64,
    pub(super) shared: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) bypassed: AtomicU64,
    pub(super) cache_errors: AtomicU64,
    pub(super) tokens_saved: AtomicU64,
    /// In millionths of a millionth of a dollar.
    pub(super) cost_saved: AtomicU64,
    /// Who is told too.
    pub(super) meter: Option<Meter>,
}

impl Counts {
    /// The question was one for `model`.
    pub(super) fn hit(&self, hit: &CacheHit, model: &str) {
        bump(match hit.kind {
            HitKind::Exact | HitKind::Stale => &self.hits,
            HitKind::Similar { .. } => &self.similar,
            HitKind::Shared => &self.shared,
        });
        self.tokens_saved.fetch_add(hit.tokens_saved, Ordering::Relaxed);
        let cost = hit.cost_saved.unwrap_or_default();
        self.cost_saved.fetch_add(cost.as_pico(), Ordering::Relaxed);
        if let Some(meter) = &self.meter {
            meter.total.cache_hit(hit.tokens_saved, cost.as_micro());
            meter.model(model).cache_hit(hit.tokens_saved, cost.as_micro());
        }
    }

    pub(super) fn missed(&self, model: &str) {
        bump(&self.misses);
        if let Some(meter) = &self.meter {
            meter.total.cache_miss();
            meter.model(model).cache_miss();
        }
    }

    pub(super) fn read(&self) -> CachedStats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        CachedStats {
            hits: read(&self.hits),
            similar: read(&self.similar),
            shared: read(&self.shared),
            misses: read(&self.misses),
            bypassed: read(&self.bypassed),
            cache_errors: read(&self.cache_errors),
            tokens_saved: read(&self.tokens_saved),
            cost_saved: Usd::from_pico(read(&self.cost_saved)),
        }
    }
}

pub(super) fn bump(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

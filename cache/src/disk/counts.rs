//! What happened through one handle and its clones.

use std::sync::atomic::{AtomicU64, Ordering};

use steadfast_clock::UnixNanos;

use crate::{Entry, Freshness, Stats};

#[derive(Default)]
pub(super) struct Counts {
    hits: AtomicU64,
    stale_hits: AtomicU64,
    negative_hits: AtomicU64,
    misses: AtomicU64,
    insertions: AtomicU64,
    evictions: AtomicU64,
    expirations: AtomicU64,
    tokens_saved: AtomicU64,
    micros_saved: AtomicU64,
}

impl Counts {
    pub(super) fn hit(&self, entry: &Entry, now: UnixNanos) {
        add(&self.hits, 1);
        add(&self.stale_hits, u64::from(entry.freshness(now) == Freshness::Stale));
        add(&self.negative_hits, u64::from(entry.is_negative()));
        add(&self.tokens_saved, entry.saving().tokens);
        add(&self.micros_saved, entry.saving().micros);
    }

    pub(super) fn missed(&self) {
        add(&self.misses, 1);
    }

    pub(super) fn put(&self, kept: bool) {
        add(&self.insertions, u64::from(kept));
    }

    pub(super) fn let_go(&self, evicted: u64, expired: u64) {
        add(&self.evictions, evicted);
        add(&self.expirations, expired);
    }

    pub(super) fn read(&self) -> Stats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let mut stats = Stats::new();
        stats.hits = read(&self.hits);
        stats.stale_hits = read(&self.stale_hits);
        stats.negative_hits = read(&self.negative_hits);
        stats.misses = read(&self.misses);
        stats.insertions = read(&self.insertions);
        stats.evictions = read(&self.evictions);
        stats.expirations = read(&self.expirations);
        stats.tokens_saved = read(&self.tokens_saved);
        stats.micros_saved = read(&self.micros_saved);
        stats
    }
}

/// Sums stay at `u64::MAX`: what an entry says that it saves may be any number.
fn add(count: &AtomicU64, by: u64) {
    let _ = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |sum| Some(sum.saturating_add(by)));
}

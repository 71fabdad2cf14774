//! Buckets of every thread's own.

use std::array;

use super::octaves::Octaves;
use super::shared::Shared;
use crate::HistogramSnapshot;
use crate::chunks::{Chunks, Place};
use crate::shards::{Lease, grow, own_slab};
use crate::sync::{Arc, AtomicU64, OnceLock, Ordering};

/// A set of buckets for each slab, written by the thread that holds it: when a thread ends, the next holder of its slab goes
/// on in the same buckets, exactly as it does with the cells of counters.
pub(super) struct Sharded {
    /// Those of the slabs with the lowest numbers.
    first: [Entry; FIRST],
    more: Chunks<Entry>,
    /// What was recorded by threads that had no slab.
    rest: Shared,
}

/// How many slabs are found with one look: as many threads at once are more than most processes have.
#[cfg(not(steadfast_loom))]
const FIRST: usize = 32;
#[cfg(steadfast_loom)]
const FIRST: usize = 3;

type Entry = OnceLock<Arc<Shard>>;

/// What one thread writes.
#[repr(align(128))]
pub(super) struct Shard {
    sum: AtomicU64,
    max: AtomicU64,
    octaves: Octaves,
}

impl Sharded {
    pub(super) fn new() -> Self {
        Self { first: array::from_fn(|_| Entry::new()), more: Chunks::new(), rest: Shared::new() }
    }

    #[inline]
    pub(super) fn record(&self, value: u64) {
        match self.entry(own_slab()).and_then(OnceLock::get) {
            Some(shard) => shard.record(value),
            None => self.record_first(value),
        }
    }

    /// Where the shard of a slab is kept.
    #[inline]
    fn entry(&self, slab: usize) -> Option<&Entry> {
        self.first.get(slab).or_else(|| self.more.get(Place::of(slab - FIRST)))
    }

    /// The shard that is written by whoever holds `lease`.
    pub(super) fn shard(&self, lease: &Lease) -> Option<&Arc<Shard>> {
        let entry = match self.entry(lease.slab()) {
            Some(entry) => entry,
            None => self.more.make(Place::of(lease.slab() - FIRST))?,
        };
        Some(entry.get_or_init(|| Arc::new(Shard::new())))
    }

    /// Records on a thread that has no shard.
    pub(super) fn record_rest(&self, value: u64) {
        self.rest.record(value);
    }

    pub(super) fn absorb(&self, other: &HistogramSnapshot) {
        self.rest.absorb(other);
    }

    pub(super) fn read(&self, snapshot: &mut HistogramSnapshot) {
        for shard in self.first.iter().chain(self.more.iter()).filter_map(OnceLock::get) {
            let mut part = HistogramSnapshot::new();
            shard.read(&mut part);
            snapshot.merge(&part);
        }
        let mut part = HistogramSnapshot::new();
        self.rest.read(&mut part);
        snapshot.merge(&part);
    }

    /// The first time that this thread records here, or after it gave its slab back.
    #[cold]
    fn record_first(&self, value: u64) {
        match Lease::of_this_thread().as_deref().and_then(|lease| self.shard(lease)) {
            Some(shard) => shard.record(value),
            None => self.record_rest(value),
        }
    }
}

impl Shard {
    fn new() -> Self {
        Self { sum: AtomicU64::new(0), max: AtomicU64::new(0), octaves: Octaves::new() }
    }

    #[inline]
    pub(super) fn record(&self, value: u64) {
        grow(&self.sum, value, Ordering::Relaxed);
        if self.max.load(Ordering::Relaxed) < value {
            self.max.store(value, Ordering::Relaxed);
        }
        // Last, and released: whoever counts this value also sees it in the sum and the maximum.
        grow(self.octaves.bucket(value), 1, Ordering::Release);
    }

    fn read(&self, snapshot: &mut HistogramSnapshot) {
        self.octaves.read(snapshot);
        if snapshot.count() > 0 {
            snapshot.close(self.sum.load(Ordering::Relaxed), self.max.load(Ordering::Relaxed));
        }
    }
}

#[cfg(all(test, not(steadfast_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_shard_takes_at_most_64_kib() {
        let most = Shard::new();
        (0..64).for_each(|power| most.record(1 << power));
        let octaves = (0..64).map(|power| 1u64 << power).filter(|value| *value >= 128).count() + 1;
        assert!(size_of::<Shard>() + octaves * 1024 < 64 * 1024);
    }
}

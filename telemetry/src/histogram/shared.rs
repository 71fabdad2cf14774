//! Buckets that all threads share.

use super::octaves::Octaves;
use crate::sync::{AtomicU64, Ordering};
use crate::{Counter, HistogramSnapshot};

/// One set of buckets. The sum is in cells of the threads' own, so that recording is one read-modify-write.
pub(super) struct Shared {
    pub(super) sum: Counter,
    max: AtomicU64,
    octaves: Octaves,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self { sum: Counter::new(), max: AtomicU64::new(0), octaves: Octaves::new() }
    }

    #[inline]
    pub(super) fn record(&self, value: u64) {
        self.sum.add(value);
        self.count(value);
    }

    /// Records a value that is in the sum already.
    #[inline]
    pub(super) fn count(&self, value: u64) {
        self.reach(value);
        // Last, and released: whoever counts this value also sees it in the sum and the maximum.
        self.octaves.bucket(value).fetch_add(1, Ordering::Release);
    }

    pub(super) fn absorb(&self, other: &HistogramSnapshot) {
        self.sum.add(other.sum());
        self.reach(other.max().unwrap_or(0));
        for (lowest, _, n) in other.buckets() {
            self.octaves.bucket(lowest).fetch_add(n, Ordering::Release);
        }
    }

    pub(super) fn read(&self, snapshot: &mut HistogramSnapshot) {
        self.octaves.read(snapshot);
        if snapshot.count() > 0 {
            snapshot.close(self.sum.get(), self.max.load(Ordering::Relaxed));
        }
    }

    #[inline]
    fn reach(&self, value: u64) {
        if self.max.load(Ordering::Relaxed) < value {
            self.max.fetch_max(value, Ordering::Relaxed);
        }
    }
}

//! A histogram resolved to the cells of one thread.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use super::sharded::Shard;
use super::{Histogram, Kind};
use crate::LocalCounter;
use crate::shards::Lease;
use crate::sync::Arc;

/// A handle on the calling thread's own cells of a [`Histogram`]; readers see what it records at once. Made by
/// [`Histogram::local`]; it cannot be sent to another thread.
///
/// Of a sharded histogram it finds the buckets once; of a shared one it still counts into the buckets of all.
pub struct LocalHistogram {
    cells: Cells,
    histogram: Histogram,
}

enum Cells {
    /// The shard of this thread; as long as the lease is held, no other thread is given it.
    Own(Arc<Shard>, #[expect(dead_code, reason = "held, not read")] Rc<Lease>),
    /// The thread's own cell of the sum.
    Sum(LocalCounter),
    /// On a thread that is ending.
    None,
}

impl LocalHistogram {
    pub(super) fn new(histogram: &Histogram) -> Self {
        let cells = match &*histogram.0 {
            Kind::Shared(shared) => Cells::Sum(shared.sum.local()),
            Kind::Sharded(sharded) => Lease::of_this_thread()
                .and_then(|lease| Some(Cells::Own(Arc::clone(sharded.shard(&lease)?), lease)))
                .unwrap_or(Cells::None),
        };
        Self { cells, histogram: histogram.clone() }
    }

    /// Records one value.
    #[inline]
    pub fn record(&self, value: u64) {
        match (&self.cells, &*self.histogram.0) {
            (Cells::Own(shard, _), _) => shard.record(value),
            (Cells::Sum(sum), Kind::Shared(shared)) => {
                sum.add(value);
                shared.count(value);
            }
            (_, Kind::Sharded(sharded)) => sharded.record_rest(value),
            (Cells::None, Kind::Shared(shared)) => shared.record(value),
        }
    }

    /// Records a duration in nanoseconds, one beyond 584 years as `u64::MAX`.
    #[inline]
    pub fn record_duration(&self, duration: Duration) {
        self.record(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }
}

impl fmt::Debug for LocalHistogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalHistogram").field(&self.histogram.snapshot()).finish()
    }
}

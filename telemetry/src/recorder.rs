//! Where handles come from: the crate's stable trait.

use std::sync::Arc;

use crate::{Counter, Gauge, Histogram, Key, Snapshot};

/// Something that keeps series by their keys, hands out handles on them and tells what they hold.
///
/// Look a handle up once and keep it: names have no place on the hot path.
pub trait Recorder: Send + Sync {
    /// The counter called `key`, made at its first look-up. Looked up again it is the same.
    fn counter(&self, key: &Key) -> Counter;

    /// The gauge called `key`, made at its first look-up. Looked up again it is the same.
    fn gauge(&self, key: &Key) -> Gauge;

    /// The histogram called `key`, made at its first look-up. Looked up again it is the same.
    fn histogram(&self, key: &Key) -> Histogram;

    /// The histogram called `key`, in which every thread has buckets of its own if it is made by this look-up; see
    /// [`Histogram::sharded`]. Recorders that know of no such thing give the ordinary one.
    fn histogram_sharded(&self, key: &Key) -> Histogram {
        self.histogram(key)
    }

    /// All series as they are now. They are read one after the other, not at one instant.
    fn snapshot(&self) -> Snapshot;
}

impl<R: Recorder + ?Sized> Recorder for &R {
    fn counter(&self, key: &Key) -> Counter {
        (**self).counter(key)
    }

    fn gauge(&self, key: &Key) -> Gauge {
        (**self).gauge(key)
    }

    fn histogram(&self, key: &Key) -> Histogram {
        (**self).histogram(key)
    }

    fn histogram_sharded(&self, key: &Key) -> Histogram {
        (**self).histogram_sharded(key)
    }

    fn snapshot(&self) -> Snapshot {
        (**self).snapshot()
    }
}

impl<R: Recorder + ?Sized> Recorder for Arc<R> {
    fn counter(&self, key: &Key) -> Counter {
        (**self).counter(key)
    }

    fn gauge(&self, key: &Key) -> Gauge {
        (**self).gauge(key)
    }

    fn histogram(&self, key: &Key) -> Histogram {
        (**self).histogram(key)
    }

    fn histogram_sharded(&self, key: &Key) -> Histogram {
        (**self).histogram_sharded(key)
    }

    fn snapshot(&self) -> Snapshot {
        (**self).snapshot()
    }
}

//! How values are spread: atomic buckets behind a shared handle.

mod local;
mod octaves;
mod sharded;
mod shared;

use std::fmt;
use std::time::Duration;

use steadfast_clock::Clock;

pub use local::LocalHistogram;

use crate::sync::{Arc, handles};
use crate::{HistogramSnapshot, Timed};
use sharded::Sharded;
use shared::Shared;

/// A handle on one distribution; clones share it. Durations are recorded in nanoseconds, but any `u64` will do.
///
/// There are two kinds, which tell the same. [`new`](Self::new) makes a *shared* one: all threads count into the same
/// buckets, one atomic read-modify-write per value. [`sharded`](Self::sharded) makes one in which every thread has buckets
/// of its own, so that recording is plain loads and stores and no thread disturbs another; it takes its memory once per
/// thread.
///
/// Either takes 1 to 2 KiB, and 1 KiB more for each octave (from one power of two to the next) that a value has fallen into:
/// about 12 KiB for latencies between 1 ms and 1 s, never more than 64 KiB; a sharded one takes that for each thread that
/// records, and as many as were alive at once. Memory is taken at the first value of an octave; otherwise recording takes
/// no lock and allocates nothing.
///
/// ```
/// use std::time::Duration;
/// use steadfast_telemetry::Histogram;
///
/// let latency = Histogram::new();
/// latency.record_duration(Duration::from_millis(20));
/// assert_eq!(latency.snapshot().max(), Some(20_000_000));
/// ```
#[derive(Clone)]
pub struct Histogram(Arc<Kind>);

#[cfg_attr(
    not(steadfast_loom),
    expect(clippy::large_enum_variant, reason = "one step less on the way to the buckets; they are larger by far")
)]
enum Kind {
    Shared(Shared),
    Sharded(Sharded),
}

impl Histogram {
    /// A histogram of its own, empty, whose buckets all threads share. Those that shall appear in a snapshot come from a
    /// [`Recorder`](crate::Recorder).
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Kind::Shared(Shared::new())))
    }

    /// A histogram of its own, empty, in which every thread has buckets of its own.
    ///
    /// For what many threads record at a high rate; up to 64 KiB per thread.
    ///
    /// ```
    /// let sizes = steadfast_telemetry::Histogram::sharded();
    /// std::thread::scope(|scope| {
    ///     for _ in 0..2 {
    ///         scope.spawn(|| (1..=100).for_each(|size| sizes.record(size)));
    ///     }
    /// });
    /// assert_eq!((sizes.snapshot().count(), sizes.snapshot().sum()), (200, 10_100));
    /// ```
    #[must_use]
    pub fn sharded() -> Self {
        Self(Arc::new(Kind::Sharded(Sharded::new())))
    }

    /// Records one value.
    #[inline]
    pub fn record(&self, value: u64) {
        match &*self.0 {
            Kind::Shared(shared) => shared.record(value),
            Kind::Sharded(sharded) => sharded.record(value),
        }
    }

    /// Records a duration in nanoseconds, one beyond 584 years as `u64::MAX`.
    #[inline]
    pub fn record_duration(&self, duration: Duration) {
        self.record(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Begins to measure: the guard records the time until it is dropped or stopped, by `clock`.
    #[must_use = "dropping the guard ends the measurement"]
    pub fn start<C: Clock>(&self, clock: C) -> Timed<C> {
        Timed::new(self.clone(), clock)
    }

    /// The same histogram for a loop on this thread, with the cells of the thread found already.
    ///
    /// ```
    /// let sizes = steadfast_telemetry::Histogram::sharded();
    /// let local = sizes.local();
    /// (1..=100).for_each(|size| local.record(size));
    /// assert_eq!(sizes.snapshot().max(), Some(100));
    /// ```
    #[must_use]
    pub fn local(&self) -> LocalHistogram {
        LocalHistogram::new(self)
    }

    /// The distribution so far.
    ///
    /// While others record, each of them may have one value seen in the sum and the maximum but not yet in the count; never
    /// the other way round.
    #[must_use]
    pub fn snapshot(&self) -> HistogramSnapshot {
        let mut snapshot = HistogramSnapshot::new();
        match &*self.0 {
            Kind::Shared(shared) => shared.read(&mut snapshot),
            Kind::Sharded(sharded) => sharded.read(&mut snapshot),
        }
        snapshot
    }

    /// Adds a distribution that was recorded elsewhere.
    pub(crate) fn absorb(&self, other: &HistogramSnapshot) {
        match &*self.0 {
            Kind::Shared(shared) => shared.absorb(other),
            Kind::Sharded(sharded) => sharded.absorb(other),
        }
    }

    /// A new histogram of the same kind, empty.
    pub(crate) fn like(&self) -> Self {
        match &*self.0 {
            Kind::Shared(_) => Self::new(),
            Kind::Sharded(_) => Self::sharded(),
        }
    }

    /// How many handles there are on this distribution.
    pub(crate) fn handles(&self) -> usize {
        handles(&self.0)
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Histogram").field(&self.snapshot()).finish()
    }
}

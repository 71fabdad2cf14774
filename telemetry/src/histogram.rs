//! How values are spread: atomic buckets behind a shared handle.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use steadfast_clock::Clock;

use crate::counter::saturating_add;
use crate::layout::{OCTAVES, SLOTS, locate};
use crate::{HistogramSnapshot, Timed};

/// A handle on one distribution; clones share it. Durations are recorded in nanoseconds, but any `u64` will do.
///
/// Takes 1 KiB, and 1 KiB more for each octave (from one power of two to the next) that a value has fallen into: about
/// 12 KiB for latencies between 1 ms and 1 s, 59 KiB at most. Memory is taken at the first value of an octave;
/// otherwise recording takes no lock and allocates nothing.
///
/// ```
/// use std::time::Duration;
/// use steadfast_telemetry::Histogram;
///
/// let latency = Histogram::new();
/// latency.record_duration(Duration::from_millis(20));
/// assert_eq!(latency.snapshot().max(), Some(20_000_000));
/// ```
#[derive(Clone, Default)]
pub struct Histogram(Arc<Cells>);

struct Cells {
    sum: AtomicU64,
    max: AtomicU64,
    octaves: [OnceLock<Box<Octave>>; OCTAVES],
}

type Octave = [AtomicU64; SLOTS];

impl Histogram {
    /// A histogram of its own, empty. Those that shall appear in a snapshot come from a [`Recorder`](crate::Recorder).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Records one value.
    pub fn record(&self, value: u64) {
        let cells = &*self.0;
        let (octave, slot) = locate(value);
        saturating_add(&cells.sum, value);
        if cells.max.load(Ordering::Relaxed) < value {
            cells.max.fetch_max(value, Ordering::Relaxed);
        }
        // Last, and released: whoever counts this value also sees it in the sum and the maximum.
        cells.octaves[octave].get_or_init(empty)[slot].fetch_add(1, Ordering::Release);
    }

    /// Records a duration in nanoseconds, one beyond 584 years as `u64::MAX`.
    pub fn record_duration(&self, duration: Duration) {
        self.record(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Begins to measure: the guard records the time until it is dropped or stopped, by `clock`.
    #[must_use = "dropping the guard ends the measurement"]
    pub fn start<C: Clock>(&self, clock: C) -> Timed<C> {
        Timed::new(self.clone(), clock)
    }

    /// The distribution so far.
    ///
    /// While others record, each of them may have one value seen in the sum and the maximum but not yet in the count.
    #[must_use]
    pub fn snapshot(&self) -> HistogramSnapshot {
        let mut snapshot = HistogramSnapshot::new();
        for (octave, cells) in self.0.octaves.iter().enumerate() {
            for (slot, cell) in cells.get().into_iter().flat_map(|cells| cells.iter()).enumerate() {
                snapshot.put(octave * SLOTS + slot, cell.load(Ordering::Acquire));
            }
        }
        if snapshot.count() > 0 {
            snapshot.close(self.0.sum.load(Ordering::Relaxed), self.0.max.load(Ordering::Relaxed));
        }
        snapshot
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Histogram").field(&self.snapshot()).finish()
    }
}

impl Default for Cells {
    fn default() -> Self {
        Self { sum: AtomicU64::new(0), max: AtomicU64::new(0), octaves: [const { OnceLock::new() }; OCTAVES] }
    }
}

fn empty() -> Box<Octave> {
    Box::new([const { AtomicU64::new(0) }; SLOTS])
}

//! A guard that measures how long something took.

use std::time::Duration;

use steadfast_clock::{Clock, Nanos};

use crate::Histogram;

/// Records the time from its making to its end into a histogram, in nanoseconds. Made by [`Histogram::start`].
///
/// Dropping it records, also when the drop is a panic or a cancelled future; [`discard`](Self::discard) ends it without
/// a record.
///
/// ```
/// use std::time::Duration;
/// use steadfast_clock::ManualClock;
/// use steadfast_telemetry::Histogram;
///
/// let (latency, clock) = (Histogram::new(), ManualClock::new());
/// let timed = latency.start(&clock);
/// clock.advance(Duration::from_millis(3));
/// assert_eq!(timed.stop(), Duration::from_millis(3));
/// assert_eq!(latency.snapshot().sum(), 3_000_000);
/// ```
#[derive(Debug)]
#[must_use = "dropping the guard ends the measurement"]
pub struct Timed<C: Clock> {
    histogram: Histogram,
    clock: C,
    started: Nanos,
    live: bool,
}

impl<C: Clock> Timed<C> {
    pub(crate) fn new(histogram: Histogram, clock: C) -> Self {
        let started = clock.now();
        Self { histogram, clock, started, live: true }
    }

    /// The time since the start; nothing is recorded yet.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.clock.now().since(self.started)
    }

    /// Records the time since the start, and tells it.
    pub fn stop(mut self) -> Duration {
        let elapsed = self.elapsed();
        self.live = false;
        self.histogram.record_duration(elapsed);
        elapsed
    }

    /// Ends the measurement without a record.
    pub fn discard(mut self) {
        self.live = false;
    }
}

impl<C: Clock> Drop for Timed<C> {
    fn drop(&mut self) {
        if self.live {
            self.histogram.record_duration(self.elapsed());
        }
    }
}

//! The processor's own counter, scaled to nanoseconds.

use core::fmt;
use std::sync::OnceLock;

use quanta::Clock as Counter;

use crate::{BlockingTimer, Clock, Nanos, System, UnixNanos, Wall};

/// A precise clock on the processor's time stamp counter, read in less than half the time of [`System`].
///
/// The calendar is the system's. The origin is one second before the first `Tsc` of the process, and all of them share
/// it: their points compare with each other, not with those of [`System`].
///
/// # What it costs and where it ends
///
/// The first [`new`](Self::new) of the process measures the counter against the system's clock and keeps the caller for
/// that long: a millisecond as a rule, 200 at most. Nothing corrects the result later, and the operating system's own
/// slewing does not reach it, so that the two part by some tens of microseconds a second. That is well for limits,
/// breakers and latencies, and wrong for telling the time of day from a start.
///
/// A counter is used where the processor says that it runs at one rate on all cores (invariant TSC on `x86_64`, the
/// generic timer on `aarch64`); elsewhere the system's clock is read, at its price. Whether the time of a suspended
/// machine counts is the processor's choice.
///
/// ```
/// use steadfast_clock::{Clock, Tsc};
///
/// let clock = Tsc::new();
/// let start = clock.now();
/// assert!(clock.now() >= start);
/// ```
#[derive(Clone, Copy)]
pub struct Tsc {
    counter: &'static Counter,
    origin: u64,
}

const HEAD: u64 = 1_000_000_000;

impl Tsc {
    /// The counter, calibrated by whoever asks first.
    #[must_use]
    pub fn new() -> Self {
        static SHARED: OnceLock<(Counter, u64)> = OnceLock::new();
        let (counter, origin) = SHARED.get_or_init(|| {
            let counter = Counter::new();
            let origin = counter.raw();
            (counter, origin)
        });
        Self { counter, origin: *origin }
    }
}

impl Default for Tsc {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Tsc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tsc").field("now", &self.now()).finish_non_exhaustive()
    }
}

impl Clock for Tsc {
    #[inline]
    fn now(&self) -> Nanos {
        // A core whose counter is behind the one that gave the origin reads as the origin, not as the far future.
        let since = self.counter.delta_as_nanos(self.origin, self.counter.raw());
        Nanos::from_nanos(HEAD.saturating_add(since))
    }
}

impl Wall for Tsc {
    fn wall(&self) -> UnixNanos {
        System.wall()
    }
}

impl BlockingTimer for Tsc {
    fn block_until(&self, at: Nanos) {
        crate::system::sleep_until(self, at);
    }
}

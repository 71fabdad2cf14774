//! The operating system's clocks. The only file that reads them, besides the one on tokio's.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::{BlockingTimer, Clock, Nanos, UnixNanos, Wall};

/// The operating system's monotonic clock and calendar.
///
/// The origin is one second before the first read of the process, so that small subtractions do not saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct System;

const HEAD: Nanos = Nanos::from_nanos(1_000_000_000);

impl System {
    /// The system clock.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Clock for System {
    #[inline]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is told to take")]
    fn now(&self) -> Nanos {
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        let origin = *ORIGIN.get_or_init(Instant::now);
        HEAD.saturating_add(Instant::now().saturating_duration_since(origin))
    }
}

impl Wall for System {
    #[expect(clippy::disallowed_methods, reason = "this is the calendar that everything else is told to take")]
    fn wall(&self) -> UnixNanos {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        UnixNanos::EPOCH.saturating_add(since_epoch)
    }
}

impl BlockingTimer for System {
    fn block_until(&self, at: Nanos) {
        sleep_until(self, at);
    }
}

/// Holds up the thread until `clock` says `at`.
#[expect(clippy::disallowed_methods, reason = "this is the timer that everything else is told to take")]
pub(crate) fn sleep_until(clock: &impl Clock, at: Nanos) {
    // A sleep may end early on some systems, and the clock need not be the one that it is measured by: it is never
    // taken at its word.
    loop {
        let left = at.since(clock.now());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left);
    }
}

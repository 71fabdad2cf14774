//! A manual clock as a coarse clock tells it.

use core::time::Duration;

use super::ManualClock;
use crate::{BlockingTimer, Clock, Nanos, UnixNanos, Wall};

/// A [`ManualClock`] read through ticks: what code on a [`Coarse`](crate::Coarse) clock sees, in a test.
///
/// It is as late as a coarse clock may be whose thread is always on time: less than a tick, and never ahead. Its
/// calendar is exact.
///
/// ```
/// use std::time::Duration;
/// use steadfast_clock::{Clock, ManualClock};
///
/// let clock = ManualClock::new();
/// let coarse = clock.coarse(Duration::from_millis(4));
/// let start = coarse.now();
/// clock.advance(Duration::from_millis(3));
/// assert_eq!(coarse.now(), start);
/// clock.advance(Duration::from_millis(1));
/// assert_eq!(coarse.now().since(start), Duration::from_millis(4));
/// ```
#[derive(Clone, Debug)]
pub struct ManualCoarse {
    clock: ManualClock,
    tick: Duration,
}

impl ManualCoarse {
    pub(super) fn new(clock: ManualClock, tick: Duration) -> Self {
        Self { clock, tick }
    }

    /// How far apart the times are that it tells.
    #[must_use]
    pub fn tick(&self) -> Duration {
        self.tick
    }

    /// The tick in nanoseconds, as far as a [`Nanos`] can tell.
    fn nanos(&self) -> u64 {
        Nanos::ZERO.saturating_add(self.tick).as_nanos()
    }
}

impl Clock for ManualCoarse {
    fn now(&self) -> Nanos {
        let now = self.clock.now().as_nanos();
        let late = now.checked_rem(self.nanos()).unwrap_or(0);
        Nanos::from_nanos(now - late)
    }
}

impl Wall for ManualCoarse {
    fn wall(&self) -> UnixNanos {
        self.clock.wall()
    }
}

impl BlockingTimer for ManualCoarse {
    /// Moves the manual clock to the first tick at or after `at`; where no tick can be told any more, as far as it goes.
    fn block_until(&self, at: Nanos) {
        let early = at.as_nanos().checked_rem(self.nanos()).unwrap_or(0);
        let rest = if early == 0 { 0 } else { self.nanos() - early };
        self.clock.block_until(Nanos::from_nanos(at.as_nanos().saturating_add(rest)));
    }
}

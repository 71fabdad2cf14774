//! The newest failures and their times, in one exact ring.

use alloc::collections::VecDeque;
use core::time::Duration;

use steadfast_clock::Nanos;

/// The times of the newest `size` failures, oldest first.
///
/// A time that lies ahead of `now` (the clock stepped back, or another thread read it a moment later) is taken as
/// `now`: nothing counts longer than the window.
#[derive(Clone, Debug)]
pub(crate) struct Recent {
    times: VecDeque<Nanos>,
    size: usize,
    length: Duration,
}

impl Recent {
    pub(crate) fn new(size: u32, length: Duration) -> Self {
        Self { times: VecDeque::new(), size: usize::try_from(size).unwrap_or(usize::MAX), length }
    }

    /// Adds a failure; tells whether the newest `size` are all within the window.
    pub(crate) fn record(&mut self, now: Nanos) -> bool {
        for time in self.times.iter_mut().rev().take_while(|time| **time > now) {
            *time = now;
        }
        if self.times.len() == self.size {
            self.times.pop_front();
        }
        self.times.push_back(now);
        self.times.len() == self.size && self.times.front().is_some_and(|oldest| self.counts(*oldest, now))
    }

    /// How many failures count at `now`.
    pub(crate) fn count(&self, now: Nanos) -> u32 {
        let old = self.times.partition_point(|time| !self.counts(*time, now));
        u32::try_from(self.times.len() - old).unwrap_or(u32::MAX)
    }

    pub(crate) fn clear(&mut self) {
        self.times.clear();
    }

    fn counts(&self, time: Nanos, now: Nanos) -> bool {
        now.since(time) < self.length
    }
}

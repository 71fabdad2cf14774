//! The places of the probes that are out.

use alloc::vec::Vec;
use core::num::NonZeroU64;
use core::time::Duration;

use steadfast_clock::Nanos;

/// At most `places` probes, each with its number and the time it went out.
#[derive(Clone, Debug)]
pub(crate) struct Probes {
    out: Vec<(NonZeroU64, Nanos)>,
    places: usize,
    timeout: Duration,
    /// The number of the next probe. Never reused, so that a probe whose place went to another cannot free it.
    next: NonZeroU64,
}

impl Probes {
    pub(crate) fn new(places: u32, timeout: Duration) -> Self {
        let places = usize::try_from(places).unwrap_or(usize::MAX);
        Self { out: Vec::new(), places, timeout, next: NonZeroU64::MIN }
    }

    /// Takes a place; `None` when all are taken by probes younger than the timeout.
    pub(crate) fn take(&mut self, now: Nanos) -> Option<NonZeroU64> {
        if self.out.len() >= self.places {
            let timeout = self.timeout;
            self.out.retain_mut(|(_, since)| {
                // A clock that stepped back does not prolong the wait for a lost probe.
                *since = (*since).min(now);
                now.since(*since) < timeout
            });
        }
        if self.out.len() >= self.places {
            return None;
        }
        let number = self.next;
        self.next = number.saturating_add(1);
        self.out.push((number, now));
        Some(number)
    }

    /// Gives the place of probe `number` back, if it still has one.
    pub(crate) fn free(&mut self, number: NonZeroU64) {
        if let Some(at) = self.out.iter().position(|(holder, _)| *holder == number) {
            self.out.swap_remove(at);
        }
    }

    /// How many are out at `now`.
    pub(crate) fn count(&self, now: Nanos) -> u32 {
        let out = self.out.iter().filter(|(_, since)| now.since(*since) < self.timeout).count();
        u32::try_from(out).unwrap_or(u32::MAX)
    }

    pub(crate) fn clear(&mut self) {
        self.out.clear();
    }
}

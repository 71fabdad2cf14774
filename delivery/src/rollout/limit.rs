//! How many devices are worked on at once: fewer while the other side has too much to do.

use std::time::Duration;

use super::job::Strain;

/// A round is as many ends as devices are worked on at once, and at least so many.
const ROUND: usize = 8;
/// A round in which this part of the deliveries met an overload, or more, was too much: one in four.
const PART: usize = 4;
/// So many times as slow as the quickest round, and slower by so much, is too much, too.
const SLOWER: u32 = 4;
const SLOWER_BY: Duration = Duration::from_millis(100);

/// Additive increase, multiplicative decrease (Chiu and Jain, 1989), a round at a time: what single devices do says
/// nothing of the load, since some are always broken.
///
/// It begins at the plan's concurrency. After a round with overload seven tenths remain, at least 1; after any other it
/// grows by a sixteenth of the plan's concurrency, up to that.
#[derive(Debug)]
pub(super) struct Limit {
    most: usize,
    now: usize,
    ends: usize,
    strained: usize,
    answered: u32,
    latency: Duration,
    best: Option<Duration>,
}

impl Limit {
    pub(super) fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { most, now: most, ends: 0, strained: 0, answered: 0, latency: Duration::ZERO, best: None }
    }

    /// How many may be worked on.
    pub(super) fn now(&self) -> usize {
        self.now
    }

    /// A delivery ended; whether another number may be worked on now.
    pub(super) fn end(&mut self, strain: Strain) -> bool {
        self.ends += 1;
        self.strained += usize::from(strain.overloaded);
        if let Some(latency) = strain.latency {
            self.answered = self.answered.saturating_add(1);
            self.latency = self.latency.saturating_add(latency);
        }
        if self.ends < self.now.max(ROUND) {
            return false;
        }
        let before = self.now;
        self.now = if self.was_too_much() {
            (self.now * 7 / 10).max(1)
        } else {
            self.now.saturating_add((self.most / 16).max(1)).min(self.most)
        };
        (self.ends, self.strained, self.answered, self.latency) = (0, 0, 0, Duration::ZERO);
        self.now != before
    }

    fn was_too_much(&mut self) -> bool {
        let mut slow = false;
        if let Some(mean) = self.latency.checked_div(self.answered) {
            let best = *self.best.get_or_insert(mean);
            slow = mean > best.saturating_mul(SLOWER) && mean > best.saturating_add(SLOWER_BY);
            self.best = Some(best.min(mean));
        }
        slow || self.strained * PART >= self.ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strained(overloaded: bool) -> Strain {
        Strain { overloaded, latency: None }
    }

    fn timed(ms: u64) -> Strain {
        Strain { overloaded: false, latency: Some(Duration::from_millis(ms)) }
    }

    /// Plays rounds against a site that bears so many at once and refuses the rest; the limits that were used.
    fn play(limit: &mut Limit, bears: usize, rounds: usize) -> Vec<usize> {
        let round = |_| {
            let used = limit.now();
            let size = used.max(ROUND);
            // Of each `used` at once, those above what it bears are refused.
            for i in 0..size {
                limit.end(strained(i % used >= bears));
            }
            used
        };
        (0..rounds).map(round).collect()
    }

    #[test]
    fn it_settles_near_what_the_other_side_bears_and_grows_back() {
        let mut limit = Limit::new(256);
        play(&mut limit, 64, 20);
        let settled = play(&mut limit, 64, 100);
        assert!(settled.iter().all(|used| (48..=112).contains(used)), "{settled:?}");
        let healthy = play(&mut limit, 256, 16);
        assert_eq!((healthy.last(), limit.now()), (Some(&256), 256));
    }

    #[test]
    fn it_is_never_zero_nor_above_the_plan() {
        for most in [1, 2, 7, 300] {
            let mut limit = Limit::new(most);
            assert!(play(&mut limit, 0, 100).iter().all(|used| (1..=most).contains(used)));
            assert_eq!(limit.now(), 1);
            assert!(play(&mut limit, most, 400).iter().all(|used| (1..=most).contains(used)));
            assert_eq!(limit.now(), most);
        }
    }

    #[test]
    fn broken_devices_are_no_overload() {
        let mut limit = Limit::new(64);
        for i in 0..10_000 {
            assert!(!limit.end(strained(i % 10 == 0)), "one in ten is broken");
        }
        assert_eq!(limit.now(), 64);
    }

    #[test]
    fn a_sharp_rise_of_the_time_that_requests_take_is_overload() {
        let mut limit = Limit::new(64);
        for _ in 0..640 {
            limit.end(timed(50));
        }
        assert_eq!(limit.now(), 64);
        for _ in 0..64 {
            limit.end(timed(190));
        }
        assert_eq!(limit.now(), 64, "slower, but not sharply");
        for _ in 0..64 {
            limit.end(timed(400));
        }
        assert_eq!(limit.now(), 44);
        let mut quick = Limit::new(64);
        for _ in 0..64 {
            quick.end(timed(1));
        }
        for _ in 0..64 {
            quick.end(timed(90));
        }
        assert_eq!(quick.now(), 64, "a rise by less than 100 ms is noise");
    }
}

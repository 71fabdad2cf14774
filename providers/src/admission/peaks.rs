//! The highest level of a bucket since any point: what a refund may not rise above. Pure.

use std::collections::VecDeque;

use steadfast_clock::Nanos;

/// How many peaks are kept apart.
const KEPT: usize = 128;

/// The peaks of a level, from the latest backwards each one higher than those after it.
#[derive(Clone, Debug, Default)]
pub(super) struct Peaks(VecDeque<(Nanos, i64)>);

impl Peaks {
    /// The level was so high, and goes down from here.
    pub(super) fn note(&mut self, at: Nanos, level: i64) {
        while self.0.back().is_some_and(|(_, lower)| *lower <= level) {
            self.0.pop_back();
        }
        self.0.push_back((at, level));
        if self.0.len() > KEPT {
            // The oldest one stands for the next as well: since a point between them it was not as high.
            if let (Some((_, highest)), Some(next)) = (self.0.pop_front(), self.0.front_mut()) {
                next.1 = highest;
            }
        }
    }

    /// The highest since `since`, or a higher one; `None` when it has not gone down since.
    pub(super) fn since(&self, since: Nanos) -> Option<i64> {
        let first = self.0.partition_point(|(at, _)| *at < since);
        self.0.get(first).map(|(_, level)| *level)
    }

    /// It was so much higher since `since`, as it turns out.
    pub(super) fn raise(&mut self, since: Nanos, by: i64) {
        let mut first = self.0.partition_point(|(at, _)| *at < since);
        for (_, level) in self.0.iter_mut().skip(first) {
            *level = level.saturating_add(by);
        }
        while let (Some(last), Some((_, highest))) = (first.checked_sub(1), self.0.get(first)) {
            if self.0.get(last).is_some_and(|(_, level)| level > highest) {
                return;
            }
            self.0.remove(last);
            first = last;
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_highest_since_then() {
        let mut peaks = Peaks::default();
        for (at, level) in [(1, 5), (2, 9), (3, 4), (4, 6), (5, -3)] {
            peaks.note(Nanos::from_nanos(at), level);
        }
        let since = |at| peaks.since(Nanos::from_nanos(at));
        assert_eq!([0, 2, 3, 4, 5, 6].map(since), [Some(9), Some(9), Some(6), Some(6), Some(-3), None]);
    }

    #[test]
    fn what_turns_out_higher_hides_what_was_before() {
        let mut peaks = Peaks::default();
        for (at, level) in [(1, 9), (2, 7), (3, 5), (4, 3)] {
            peaks.note(Nanos::from_nanos(at), level);
        }
        peaks.raise(Nanos::from_nanos(3), 3);
        let since = |at| peaks.since(Nanos::from_nanos(at));
        assert_eq!([1, 2, 3, 4, 5].map(since), [Some(9), Some(8), Some(8), Some(6), None]);
    }

    #[test]
    fn of_too_many_it_tells_rather_too_high() {
        let mut peaks = Peaks::default();
        let level = |at: u64| 1_000 - i64::try_from(at).unwrap();
        (0..500).for_each(|at| peaks.note(Nanos::from_nanos(at), level(at)));
        assert!(peaks.0.len() <= KEPT);
        (0..500).for_each(|at| assert!(peaks.since(Nanos::from_nanos(at)).unwrap() >= level(at)));
        assert_eq!(peaks.since(Nanos::from_nanos(499)), Some(level(499)));
    }
}

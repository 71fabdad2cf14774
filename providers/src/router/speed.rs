//! How quick a target has been of late. No clock: time is handed in.

use std::time::Duration;

use steadfast_clock::Nanos;

/// An exponentially weighted mean in which a sample weighs more the longer none came: after a minute of silence nearly
/// two thirds, after five nearly all. The weight by elapsed time is that of the load averages of Unix.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Speed {
    /// In seconds.
    mean: Option<f64>,
    newest: Nanos,
}

/// The least that a sample weighs.
const LEAST: f64 = 0.1;

/// How long it takes for what was known to lose nearly two thirds of its weight.
const MEMORY: Duration = Duration::from_secs(60);

/// What a failure counts as: as long as this, at least.
const FAILED: Duration = Duration::from_secs(10);

impl Speed {
    /// Something took so long.
    pub(super) fn observe(&mut self, took: Duration, now: Nanos) {
        let took = took.as_secs_f64();
        let silence = now.since(self.newest).as_secs_f64();
        let weight = (1.0 - (-silence / MEMORY.as_secs_f64()).exp()).max(LEAST);
        self.mean = Some(self.mean.map_or(took, |mean| mean + weight * (took - mean)));
        self.newest = self.newest.max(now);
    }

    /// Something failed after so long.
    pub(super) fn failed(&mut self, took: Duration, now: Nanos) {
        self.observe(took.max(FAILED), now);
    }

    /// The mean; `None` while nothing is known.
    pub(super) fn mean(&self) -> Option<Duration> {
        self.mean.and_then(|mean| Duration::try_from_secs_f64(mean).ok())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_known_long_ago_counts_little() {
        let second = Duration::from_secs(1);
        let mut speed = Speed::default();
        assert_eq!(speed.mean(), None);
        speed.observe(4 * second, Nanos::from_nanos(0));
        assert_eq!(speed.mean(), Some(4 * second));
        speed.observe(2 * second, Nanos::from_nanos(0));
        assert_eq!(speed.mean(), Some(Duration::from_millis(3800)));
        speed.observe(second, Nanos::ZERO.saturating_add(600 * second));
        assert!(speed.mean().unwrap() < Duration::from_millis(1001));
        speed.failed(Duration::ZERO, Nanos::ZERO.saturating_add(600 * second));
        assert!(speed.mean().unwrap() > Duration::from_millis(1800));
    }

    proptest! {
        /// The mean lies between the shortest and the longest of what came.
        #[test]
        fn it_is_a_mean(samples in prop::collection::vec((0u64..1 << 40, 0u64..1 << 40), 1..20)) {
            let mut speed = Speed::default();
            for (took, at) in &samples {
                speed.observe(Duration::from_nanos(*took), Nanos::from_nanos(*at));
            }
            let mean = speed.mean().unwrap().as_secs_f64();
            let tooks = || samples.iter().map(|(took, _)| Duration::from_nanos(*took).as_secs_f64());
            let (least, most) = (tooks().fold(f64::MAX, f64::min), tooks().fold(0.0, f64::max));
            prop_assert!(least - 1e-6 <= mean && mean <= most + 1e-6);
        }
    }
}

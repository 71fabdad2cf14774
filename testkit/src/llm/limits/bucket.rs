//! A token bucket in whole numbers.

use std::time::Duration;

use steadfast_clock::Nanos;

/// A minute in nanoseconds: a token is so many parts, and every nanosecond brings as many parts as tokens a minute.
const MINUTE: u128 = 60_000_000_000;

/// A bucket that holds a minute's worth and fills evenly. Exact: levels are counted in parts of a token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    limit: u64,
    level: u128,
    at: Nanos,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(limit: u64, now: Nanos) -> Self {
        Self { limit, level: u128::from(limit) * MINUTE, at: now }
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    /// Whole tokens that are in it.
    pub(super) fn remaining(&self) -> u64 {
        u64::try_from(self.level / MINUTE).unwrap_or(u64::MAX)
    }

    /// What time has brought since it was last looked at.
    pub(super) fn fill(&mut self, now: Nanos) {
        let brought = now.since(self.at).as_nanos() * u128::from(self.limit);
        self.level = (self.level + brought).min(self.capacity());
        self.at = self.at.max(now);
    }

    /// How long until `cost` tokens are in it; `None` if they never fit.
    pub(super) fn wait_for(&self, cost: u64) -> Option<Duration> {
        let wanted = u128::from(cost) * MINUTE;
        (wanted <= self.capacity()).then(|| self.until(wanted))
    }

    /// How long until it is full.
    pub(super) fn until_full(&self) -> Duration {
        self.until(self.capacity())
    }

    pub(super) fn take(&mut self, cost: u64) {
        self.level = self.level.saturating_sub(u128::from(cost) * MINUTE);
    }

    fn capacity(&self) -> u128 {
        u128::from(self.limit) * MINUTE
    }

    fn until(&self, level: u128) -> Duration {
        let missing = level.saturating_sub(self.level);
        let nanos = missing.div_ceil(u128::from(self.limit.max(1)));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A bucket never gives more than a minute's worth and what time brought, and what it says to wait is enough, and
        /// not a nanosecond too long.
        #[test]
        fn a_bucket_keeps_its_rate(limit in 1u64..5_000, steps in prop::collection::vec((1u64..400, 0u64..90_000_000_000), 1..40)) {
            let (mut now, mut given) = (Nanos::ZERO, 0u128);
            let mut bucket = Bucket::new(limit, now);
            for (cost, pause) in steps {
                now = now.saturating_add(Duration::from_nanos(pause));
                bucket.fill(now);
                let Some(wait) = bucket.wait_for(cost) else {
                    prop_assert!(cost > limit);
                    continue;
                };
                if let Some(early) = wait.checked_sub(Duration::from_nanos(1)) {
                    let mut early_bucket = bucket;
                    early_bucket.fill(now.saturating_add(early));
                    prop_assert!(early_bucket.wait_for(cost) > Some(Duration::ZERO));
                }
                now = now.saturating_add(wait);
                bucket.fill(now);
                prop_assert_eq!(bucket.wait_for(cost), Some(Duration::ZERO));
                bucket.take(cost);
                given += u128::from(cost);
                let brought = u128::from(now.as_nanos()) * u128::from(limit);
                prop_assert!(given * MINUTE <= u128::from(limit) * MINUTE + brought);
            }
        }
    }
}

//! A vendor's own bucket, exactly: the judge of what is admitted here.

use std::time::Duration;

use steadfast_providers::admission::{Cost, Measure, Observed};

/// A bucket that holds `limit` and is filled once in `window`, bit by bit.
pub(crate) struct Bucket {
    pub(crate) measure: Measure,
    pub(crate) limit: u64,
    /// In nanoseconds.
    window: i128,
    /// In parts, of which `window` are one permit.
    level: i128,
    at: u64,
    /// What was taken of it.
    pub(crate) taken: u64,
    /// How often there was too little.
    pub(crate) exceeded: u64,
}

impl Bucket {
    pub(crate) fn new(measure: Measure, limit: u64, window: Duration) -> Self {
        let window = i128::try_from(window.as_nanos()).unwrap();
        Self { measure, limit, window, level: i128::from(limit) * window, at: 0, taken: 0, exceeded: 0 }
    }

    fn fill(&mut self, now: u64) {
        let passed = i128::from(now.saturating_sub(self.at));
        self.at = self.at.max(now);
        self.level = (self.level + passed * i128::from(self.limit)).min(i128::from(self.limit) * self.window);
    }

    pub(crate) fn has(&mut self, cost: Cost, now: u64) -> bool {
        self.fill(now);
        self.level >= i128::from(cost.of(self.measure)) * self.window
    }

    pub(crate) fn take(&mut self, cost: Cost, now: u64) {
        self.fill(now);
        self.taken += cost.of(self.measure);
        self.level -= i128::from(cost.of(self.measure)) * self.window;
    }

    pub(crate) fn give(&mut self, cost: u64, now: u64) {
        self.fill(now);
        self.taken -= cost;
        self.level = (self.level + i128::from(cost) * self.window).min(i128::from(self.limit) * self.window);
    }

    /// What its headers would tell.
    pub(crate) fn tells(&mut self, now: u64) -> Observed {
        self.fill(now);
        let missing = i128::from(self.limit) * self.window - self.level;
        let nanos = u64::try_from(missing / i128::from(self.limit)).unwrap();
        let remaining = u64::try_from((self.level / self.window).max(0)).unwrap();
        Observed::new()
            .limit(self.limit)
            .remaining(remaining)
            .resets_in(Duration::from_nanos(nanos).max(Duration::from_millis(1)))
    }

    /// The share of what it could have given until `now` that was taken.
    pub(crate) fn used(&self, now: u64) -> f64 {
        let filled = self.limit as f64 * (1.0 + now as f64 / self.window as f64);
        self.taken as f64 / filled
    }
}

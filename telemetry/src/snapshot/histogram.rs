//! A distribution as data: count, sum, maximum and quantiles.

use std::collections::BTreeMap;

use crate::layout::{highest, lowest};

/// What one [`Histogram`](crate::Histogram) held when someone looked.
///
/// Count, sum, mean and maximum are exact; quantiles are told from the buckets, which are at most 1/128 wide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistogramSnapshot {
    count: u64,
    sum: u64,
    max: u64,
    /// Values per bucket number; no bucket is empty.
    buckets: BTreeMap<usize, u64>,
}

impl HistogramSnapshot {
    /// The distribution of no values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many values were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The sum of all values; it saturates at `u64::MAX`.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// The largest value; `None` of nothing.
    ///
    /// In what [`since`](Self::since) returns it is told from the buckets, at most 1/128 too high.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// The mean of all values; `None` of nothing. An average hides the tail: keep it beside the quantiles.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The smallest value that at least the share `q` of all values does not exceed (nearest rank): `quantile(0.99)` is
    /// the 99th percentile. `None` of nothing, and for a `q` outside `0.0 ..= 1.0`.
    ///
    /// Never below the exact quantile and less than 1/128 of it (0.8 %) above; exact for values below 256 and at 1.0.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<u64> {
        if self.count == 0 || !(0.0..=1.0).contains(&q) {
            return None;
        }
        let rank = rank(q, self.count);
        let mut passed = 0u64;
        for (bucket, n) in &self.buckets {
            passed = passed.saturating_add(*n);
            if passed >= rank {
                return Some(highest(*bucket).min(self.max));
            }
        }
        Some(self.max)
    }

    /// The buckets that hold values, ascending: lowest value, highest value, how many.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        self.buckets.iter().map(|(bucket, n)| (lowest(*bucket), highest(*bucket), *n))
    }

    /// Adds the values of another distribution to this one.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, n) in &other.buckets {
            self.put(*bucket, *n);
        }
        self.close(other.sum, other.max);
    }

    /// The values added since `earlier`, an older snapshot of the same histogram.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut added = Self::new();
        for (bucket, n) in &self.buckets {
            added.put(*bucket, n.saturating_sub(earlier.buckets.get(bucket).copied().unwrap_or(0)));
        }
        let max = added.buckets.last_key_value().map_or(0, |(bucket, _)| highest(*bucket).min(self.max));
        added.close(self.sum.saturating_sub(earlier.sum), max);
        added
    }

    /// Puts `n` values into a bucket; [`close`](Self::close) must follow with what the bucket does not tell.
    pub(crate) fn put(&mut self, bucket: usize, n: u64) {
        if n > 0 {
            let held = self.buckets.entry(bucket).or_default();
            *held = held.saturating_add(n);
            self.count = self.count.saturating_add(n);
        }
    }

    /// Adds the sum and the maximum of the values that were put.
    pub(crate) fn close(&mut self, sum: u64, max: u64) {
        self.sum = self.sum.saturating_add(sum);
        self.max = self.max.max(max);
    }
}

/// The smallest rank, from 1, whose share of `count` is at least `q`.
#[expect(clippy::cast_possible_truncation, reason = "a float to integer cast saturates, and the result is clamped")]
fn rank(q: f64, count: u64) -> u64 {
    let rank = ((q * count as f64).ceil() as u64).clamp(1, count);
    // The product may be rounded up past a whole number (0.07 · 100): the share itself decides.
    if rank > 1 && (rank - 1) as f64 / count as f64 >= q { rank - 1 } else { rank }
}

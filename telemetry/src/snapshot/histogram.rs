//! A distribution as data: count, sum, maximum and quantiles.

use std::cmp::Ordering;

use crate::layout::{highest, lowest};

/// What one [`Histogram`](crate::Histogram) held when someone looked.
///
/// Count, sum, mean and maximum are exact; quantiles are told from the buckets, which are at most 1/128 wide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistogramSnapshot {
    count: u64,
    sum: u64,
    max: u64,
    /// Bucket numbers, ascending, each with its values; no bucket is empty.
    buckets: Vec<(usize, u64)>,
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

    /// How many values are at most `value`, going by the highest value of their bucket.
    ///
    /// Values in the same bucket as `value` count only if the whole bucket is at most `value`: the answer is never above the
    /// exact one, and never below the exact one for the highest value of the bucket before. Exact for values below 256.
    #[must_use]
    pub fn count_below(&self, value: u64) -> u64 {
        let at_most = self.buckets.partition_point(|(bucket, _)| highest(*bucket) <= value);
        self.buckets[..at_most].iter().fold(0, |sum, (_, n)| sum.saturating_add(*n))
    }

    /// [`count_below`](Self::count_below) for each of `bounds`, in their order: what exporters with buckets of their own
    /// need. It never goes backwards from one snapshot of a histogram to the next.
    #[must_use]
    pub fn cumulative(&self, bounds: &[u64]) -> Vec<u64> {
        if !bounds.is_sorted() {
            return bounds.iter().map(|bound| self.count_below(*bound)).collect();
        }
        let (mut buckets, mut passed) = (self.buckets.iter().peekable(), 0u64);
        let below = bounds.iter().map(|bound| {
            while let Some((_, n)) = buckets.next_if(|(bucket, _)| highest(*bucket) <= *bound) {
                passed = passed.saturating_add(*n);
            }
            passed
        });
        below.collect()
    }

    /// Adds the values of another distribution to this one.
    pub fn merge(&mut self, other: &Self) {
        let (mut mine, mut theirs) =
            (std::mem::take(&mut self.buckets).into_iter().peekable(), other.buckets.iter().peekable());
        self.buckets.reserve(mine.len().max(theirs.len()));
        loop {
            let order = match (mine.peek(), theirs.peek()) {
                (Some((mine, _)), Some((theirs, _))) => mine.cmp(theirs),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            let a = if order.is_le() { mine.next() } else { None };
            let b = if order.is_ge() { theirs.next().copied() } else { None };
            let Some((bucket, _)) = a.or(b) else { break };
            let [a, b] = [a, b].map(|held| held.map_or(0, |(_, n)| n));
            self.buckets.push((bucket, a.saturating_add(b)));
        }
        self.count = self.count.saturating_add(other.count);
        self.close(other.sum, other.max);
    }

    /// The values added since `earlier`, an older snapshot of the same histogram.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut added = Self::new();
        let mut then = earlier.buckets.iter().peekable();
        for (bucket, n) in &self.buckets {
            while then.next_if(|(at, _)| at < bucket).is_some() {}
            let before = then.next_if(|(at, _)| at == bucket).map_or(0, |(_, n)| *n);
            added.put(*bucket, n.saturating_sub(before));
        }
        let max = added.buckets.last().map_or(0, |(bucket, _)| highest(*bucket).min(self.max));
        added.close(self.sum.saturating_sub(earlier.sum), max);
        added
    }

    /// Whether a bucket holds less than in `earlier`.
    pub(crate) fn lacks(&self, earlier: &Self) -> bool {
        let mut now = self.buckets.iter().peekable();
        earlier.buckets.iter().any(|(bucket, n)| {
            while now.next_if(|(at, _)| at < bucket).is_some() {}
            now.next_if(|(at, _)| at == bucket).is_none_or(|(_, now)| now < n)
        })
    }

    /// Puts `n` values into a bucket; [`close`](Self::close) must follow with what the bucket does not tell.
    pub(crate) fn put(&mut self, bucket: usize, n: u64) {
        if n == 0 {
            return;
        }
        self.count = self.count.saturating_add(n);
        if self.buckets.last().is_none_or(|(last, _)| *last < bucket) {
            return self.buckets.push((bucket, n));
        }
        match self.buckets.binary_search_by_key(&bucket, |(at, _)| *at) {
            Ok(at) => self.buckets[at].1 = self.buckets[at].1.saturating_add(n),
            Err(at) => self.buckets.insert(at, (bucket, n)),
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

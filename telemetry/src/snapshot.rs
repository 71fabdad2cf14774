//! What all series held when someone looked.

mod histogram;
mod since;
#[cfg(feature = "serde")]
mod wire;

use std::collections::BTreeMap;

pub use histogram::HistogramSnapshot;

use crate::Key;

/// The values of all series of a [`Recorder`](crate::Recorder), as data: it can be compared, merged and, with the
/// feature `serde`, sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The sum of every counter.
    pub counters: BTreeMap<Key, u64>,
    /// The level of every gauge.
    pub gauges: BTreeMap<Key, i64>,
    /// The distribution of every histogram.
    pub histograms: BTreeMap<Key, HistogramSnapshot>,
}

impl Snapshot {
    /// A snapshot of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The sum of one counter; zero when there is none of that key.
    #[must_use]
    pub fn counter(&self, key: &Key) -> u64 {
        self.counters.get(key).copied().unwrap_or(0)
    }

    /// The sum over all counters called `name`, whatever their labels; it saturates.
    #[must_use]
    pub fn counter_sum(&self, name: &str) -> u64 {
        named(&self.counters, name).fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// The level of one gauge; `None` when there is none of that key.
    #[must_use]
    pub fn gauge(&self, key: &Key) -> Option<i64> {
        self.gauges.get(key).copied()
    }

    /// The distribution of one histogram; `None` when there is none of that key.
    #[must_use]
    pub fn histogram(&self, key: &Key) -> Option<&HistogramSnapshot> {
        self.histograms.get(key)
    }

    /// The distribution over all histograms called `name`, whatever their labels; empty when there is none.
    #[must_use]
    pub fn histogram_sum(&self, name: &str) -> HistogramSnapshot {
        let mut sum = HistogramSnapshot::new();
        named(&self.histograms, name).for_each(|histogram| sum.merge(histogram));
        sum
    }

    /// Adds another snapshot to this one, series by series: that of another thread, pool or process. Levels are added too.
    pub fn merge(&mut self, other: &Self) {
        for (key, n) in &other.counters {
            let sum = self.counters.entry(key.clone()).or_default();
            *sum = sum.saturating_add(*n);
        }
        for (key, n) in &other.gauges {
            let level = self.gauges.entry(key.clone()).or_default();
            *level = level.saturating_add(*n);
        }
        for (key, histogram) in &other.histograms {
            self.histograms.entry(key.clone()).or_default().merge(histogram);
        }
    }

    /// What was added since `earlier`, an older snapshot of the same recorder. This is how to begin anew: keep a
    /// snapshot as the baseline; the sums themselves never go backwards.
    ///
    /// Series that `earlier` does not know count from zero. One that is smaller than in `earlier`, or gone, was let go by its
    /// registry: what it held then is taken off the series that collects for it, the one whose labels all say `other`, and
    /// it counts from zero itself. Where there is no such series it counts as unchanged. Levels are those of now.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            counters: since::added(&self.counters, &earlier.counters),
            gauges: self.gauges.clone(),
            histograms: since::added(&self.histograms, &earlier.histograms),
        }
    }
}

/// The series of one name, which stand together in the order of keys.
fn named<'a, V>(series: &'a BTreeMap<Key, V>, name: &'a str) -> impl Iterator<Item = &'a V> {
    let first = Key::new(name.to_owned());
    series.range(first..).take_while(move |(key, _)| key.name() == name).map(|(_, value)| value)
}

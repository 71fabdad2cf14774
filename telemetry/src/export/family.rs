//! Series grouped by the name under which they leave.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::{HistogramSnapshot, Key, Snapshot};

/// Label names and values.
pub(super) type Labels = Vec<(String, String)>;

/// The value of a series that leaves.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Counter(u64),
    Gauge(i64),
    /// A histogram, and the ends of its buckets in its own unit.
    Histogram(HistogramSnapshot, Vec<u64>),
}

/// All series of one name, one for each set of labels.
#[derive(Clone, Debug, Default)]
pub(super) struct Family {
    pub(super) series: BTreeMap<Labels, Value>,
}

impl Family {
    /// Adds a series. If one with these labels is there, as after a change of names, both are one.
    pub(super) fn put(&mut self, labels: Labels, value: Value) {
        match self.series.entry(labels) {
            Entry::Vacant(vacant) => {
                vacant.insert(value);
            }
            Entry::Occupied(mut there) => there.get_mut().merge(value),
        }
    }
}

impl Value {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Counter(_) => "counter",
            Self::Gauge(_) => "gauge",
            Self::Histogram(..) => "histogram",
        }
    }

    /// Those of one family are of one kind.
    fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Counter(sum), Self::Counter(n)) => *sum = sum.saturating_add(n),
            (Self::Gauge(level), Self::Gauge(n)) => *level = level.saturating_add(n),
            (Self::Histogram(histogram, _), Self::Histogram(more, _)) => histogram.merge(&more),
            _ => {}
        }
    }
}

/// The series of a snapshot, with or without totals: their keys and values, histograms with the bounds that `bounds` tells
/// for their name.
pub(super) fn series<'a>(
    snapshot: &'a Snapshot,
    totals: bool,
    bounds: impl Fn(&str) -> Vec<u64> + 'a,
) -> impl Iterator<Item = (&'a Key, Value)> {
    let counters = snapshot.counters.iter().map(|(key, n)| (key, Value::Counter(*n)));
    let gauges = snapshot.gauges.iter().map(|(key, n)| (key, Value::Gauge(*n)));
    let histograms = snapshot
        .histograms
        .iter()
        .map(move |(key, histogram)| (key, Value::Histogram(histogram.clone(), bounds(key.name()))));
    let names: BTreeSet<(&str, Vec<&str>)> = if totals {
        BTreeSet::new()
    } else {
        let keys = snapshot.counters.keys().chain(snapshot.gauges.keys()).chain(snapshot.histograms.keys());
        keys.map(|key| (key.name(), label_names(key))).collect()
    };
    counters.chain(gauges).chain(histograms).filter(move |(key, _)| !is_total(key, &names))
}

/// Whether there are series of the same name that have all the labels of `key`, and more.
fn is_total(key: &Key, names: &BTreeSet<(&str, Vec<&str>)>) -> bool {
    let of_key = label_names(key);
    let of_name = names.range((key.name(), Vec::new())..).take_while(|(name, _)| *name == key.name());
    of_name
        .into_iter()
        .any(|(_, labels)| labels.len() > of_key.len() && of_key.iter().all(|name| labels.contains(name)))
}

fn label_names(key: &Key) -> Vec<&str> {
    key.labels().map(|(name, _)| name).collect()
}

/// How many values of a histogram fall between one bound and the next, and last how many above all of them. Together
/// they are its count.
pub(super) fn between(histogram: &HistogramSnapshot, bounds: &[u64]) -> Vec<u64> {
    let mut passed = 0;
    let ends = histogram.cumulative(bounds).into_iter().chain([histogram.count()]);
    ends.map(|end| end.saturating_sub(std::mem::replace(&mut passed, end))).collect()
}

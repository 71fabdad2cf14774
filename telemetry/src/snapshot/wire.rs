//! Snapshots as serde sees them. Series are lists, not maps by key, so that every format can carry them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{HistogramSnapshot, Snapshot};
use crate::Key;
use crate::layout::{bucket, lowest};

/// `{"counters": [series of a sum], "gauges": [series of a level], "histograms": [series of a histogram]}`
#[derive(Serialize, Deserialize)]
#[serde(rename = "Snapshot")]
struct SnapshotWire<'a, H> {
    counters: Vec<SeriesWire<'a, u64>>,
    #[serde(default)]
    gauges: Vec<SeriesWire<'a, i64>>,
    histograms: Vec<SeriesWire<'a, H>>,
}

/// `{"name", "labels": {name: value}, "value"}`
#[derive(Serialize, Deserialize)]
#[serde(rename = "Series")]
struct SeriesWire<'a, V> {
    name: Cow<'a, str>,
    labels: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    value: V,
}

/// `{"count", "sum", "max": null of nothing, "buckets": [[lowest value, count]]}`
#[derive(Serialize, Deserialize)]
#[serde(rename = "Histogram")]
struct HistogramWire {
    count: u64,
    sum: u64,
    max: Option<u64>,
    buckets: Vec<(u64, u64)>,
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counters = self.counters.iter().map(|(key, n)| SeriesWire::new(key, *n)).collect();
        let gauges = self.gauges.iter().map(|(key, n)| SeriesWire::new(key, *n)).collect();
        let histograms = self.histograms.iter().map(|(key, histogram)| SeriesWire::new(key, histogram)).collect();
        SnapshotWire { counters, gauges, histograms }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = SnapshotWire::<HistogramSnapshot>::deserialize(deserializer)?;
        Ok(Self {
            counters: by_key(wire.counters)?,
            gauges: by_key(wire.gauges)?,
            histograms: by_key(wire.histograms)?,
        })
    }
}

impl Serialize for HistogramSnapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let buckets = self.buckets().map(|(lowest, _, n)| (lowest, n)).collect();
        HistogramWire { count: self.count(), sum: self.sum(), max: self.max(), buckets }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for HistogramSnapshot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = HistogramWire::deserialize(deserializer)?;
        let mut snapshot = Self::new();
        for (start, n) in wire.buckets {
            if lowest(bucket(start)) != start {
                return Err(Error::custom(format_args!("no bucket starts at {start}")));
            }
            snapshot.put(bucket(start), n);
        }
        if snapshot.count() != wire.count {
            let (told, held) = (wire.count, snapshot.count());
            return Err(Error::custom(format_args!("count is {told}, but the buckets hold {held}")));
        }
        snapshot.close(wire.sum, wire.max.unwrap_or(0));
        let last = snapshot.buckets().last().map(|(lowest, ..)| lowest);
        if wire.max.is_some() != last.is_some() || wire.max < last {
            return Err(Error::custom("max does not fit the buckets"));
        }
        Ok(snapshot)
    }
}

impl<'a, V> SeriesWire<'a, V> {
    fn new(key: &'a Key, value: V) -> Self {
        let labels = key.labels().map(|(name, value)| (name.into(), value.into())).collect();
        Self { name: key.name().into(), labels, value }
    }
}

fn by_key<V, E: Error>(series: Vec<SeriesWire<'_, V>>) -> Result<BTreeMap<Key, V>, E> {
    let mut by_key = BTreeMap::new();
    for SeriesWire { name, labels, value } in series {
        let key = Key::new(name.into_owned());
        let key = labels.into_iter().fold(key, |key, (name, value)| key.label(name.into_owned(), value.into_owned()));
        if by_key.contains_key(&key) {
            return Err(E::custom(format_args!("{key} is there twice")));
        }
        by_key.insert(key, value);
    }
    Ok(by_key)
}

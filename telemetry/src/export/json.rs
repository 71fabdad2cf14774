//! As JSON for people and scripts: counts, averages and percentiles instead of buckets.
//!
//! Of a histogram only figures are left, so that nothing reads it back: for that there is the form of the feature
//! `serde`, which keeps everything. Values are as they were recorded, those whose name ends in `_ns` in nanoseconds.
//!
//! ```
//! use steadfast_telemetry::{Key, Recorder, Registry, export};
//!
//! let registry = Registry::new();
//! registry.counter(&Key::new("requests").label("host", "a")).add(3);
//! registry.histogram(&Key::new("latency_ns")).record(100);
//!
//! let json = export::json::value(&registry.snapshot());
//! assert_eq!(json["counters"][0], serde_json::json!({ "name": "requests", "labels": { "host": "a" }, "value": 3 }));
//! assert_eq!(json["histograms"][0]["p99"], 100);
//! ```

use serde_json::{Map, Value, json};

use crate::{HistogramSnapshot, Key, Snapshot};

/// One object: `counters` and `gauges` as lists of `{"name", "labels", "value"}`, `histograms` as a list of
/// `{"name", "labels", "count", "sum", "mean", "p50", "p95", "p99", "max"}`, where `mean` and what follows are null of
/// nothing. The lists are in the order of names and labels.
#[must_use]
pub fn value(snapshot: &Snapshot) -> Value {
    let counters: Vec<Value> =
        snapshot.counters.iter().map(|(key, sum)| series(key, json!({ "value": sum }))).collect();
    let gauges: Vec<Value> =
        snapshot.gauges.iter().map(|(key, level)| series(key, json!({ "value": level }))).collect();
    let histograms: Vec<Value> =
        snapshot.histograms.iter().map(|(key, histogram)| series(key, figures(histogram))).collect();
    json!({ "counters": counters, "gauges": gauges, "histograms": histograms })
}

fn figures(histogram: &HistogramSnapshot) -> Value {
    json!({
        "count": histogram.count(),
        "sum": histogram.sum(),
        "mean": histogram.mean(),
        "p50": histogram.quantile(0.5),
        "p95": histogram.quantile(0.95),
        "p99": histogram.quantile(0.99),
        "max": histogram.max(),
    })
}

/// The object of a series, with its name and labels.
fn series(key: &Key, mut object: Value) -> Value {
    let labels: Map<String, Value> = key.labels().map(|(name, value)| (name.to_owned(), value.into())).collect();
    object["name"] = key.name().into();
    object["labels"] = labels.into();
    object
}

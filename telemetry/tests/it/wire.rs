//! Snapshots as data: there and back, the shape, and what is refused.

use proptest::collection::vec;
use proptest::prelude::*;
use steadfast_telemetry::{HistogramSnapshot, Key, Recorder, Registry, Snapshot};

#[test]
fn the_shape_is_lists_of_series() {
    let registry = Registry::new();
    registry.counter(&Key::new("requests").label("host", "a")).add(3);
    registry.gauge(&Key::new("open")).sub(2);
    registry.histogram(&Key::new("latency")).record(1000);
    registry.histogram(&Key::new("latency")).record(2);
    registry.histogram(&Key::new("unused"));
    assert_eq!(
        serde_json::to_value(registry.snapshot()).unwrap(),
        serde_json::json!({
            "counters": [{ "name": "requests", "labels": { "host": "a" }, "value": 3 }],
            "gauges": [{ "name": "open", "labels": {}, "value": -2 }],
            "histograms": [
                { "name": "latency", "labels": {}, "value": { "count": 2, "sum": 1002, "max": 1000, "buckets": [[2, 1], [1000, 1]] } },
                { "name": "unused", "labels": {}, "value": { "count": 0, "sum": 0, "max": null, "buckets": [] } },
            ],
        })
    );
}

#[test]
fn what_cannot_be_is_refused() {
    fn check(json: &str, complaint: &str) {
        let error = serde_json::from_str::<HistogramSnapshot>(json).unwrap_err().to_string();
        assert!(error.contains(complaint), "{error}");
    }
    check(r#"{"count": 1, "sum": 1001, "max": 1001, "buckets": [[1001, 1]]}"#, "no bucket starts at 1001");
    check(r#"{"count": 2, "sum": 5, "max": 5, "buckets": [[5, 1]]}"#, "count is 2, but the buckets hold 1");
    check(r#"{"count": 1, "sum": 5, "max": null, "buckets": [[5, 1]]}"#, "max does not fit");
    check(r#"{"count": 1, "sum": 5, "max": 4, "buckets": [[5, 1]]}"#, "max does not fit");
    check(r#"{"count": 0, "sum": 0, "max": 4, "buckets": []}"#, "max does not fit");
    check(r#"{"count": 0, "sum": 0, "buckets": [[5, -1]]}"#, "invalid value");
    let twice = r#"{"histograms": [], "counters": [
        {"name": "x", "labels": {"a": "1"}, "value": 1},
        {"name": "x", "labels": {"a": "1"}, "value": 1}
    ]}"#;
    let error = serde_json::from_str::<Snapshot>(twice).unwrap_err().to_string();
    assert!(error.contains(r#"x{a="1"} is there twice"#), "{error}");
}

proptest! {
    /// A snapshot read back is the snapshot that was written.
    #[test]
    fn what_is_written_is_read_back(values in vec(("[ab]", "[a-z]{0,2}", any::<u64>()), 0..50)) {
        let registry = Registry::new();
        for (name, host, value) in values {
            let key = Key::new(name).label("host", host);
            registry.counter(&key).add(value);
            registry.gauge(&key).add((value >> 1).try_into().unwrap());
            registry.histogram(&key).record(value);
        }
        let snapshot = registry.snapshot();
        let json = serde_json::to_string(&snapshot).unwrap();
        prop_assert_eq!(serde_json::from_str::<Snapshot>(&json).unwrap(), snapshot);
    }
}

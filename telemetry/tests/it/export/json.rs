//! Figures as JSON.

use serde_json::json;
use steadfast_telemetry::{Key, Recorder, Registry, Snapshot, export};

#[test]
fn the_object_is_exactly_this() {
    let registry = Registry::new();
    registry.counter(&Key::new("requests").label("host", "a\"b")).add(u64::MAX);
    registry.gauge(&Key::new("open")).set(-3);
    (1..=100).for_each(|value| registry.histogram(&Key::new("latency_ns").label("host", "a")).record(value));
    registry.histogram(&Key::new("unused"));
    assert_eq!(
        export::json::value(&registry.snapshot()),
        json!({
            "counters": [{ "name": "requests", "labels": { "host": "a\"b" }, "value": u64::MAX }],
            "gauges": [{ "name": "open", "labels": {}, "value": -3 }],
            "histograms": [
                {
                    "name": "latency_ns", "labels": { "host": "a" }, "count": 100, "sum": 5_050, "mean": 50.5,
                    "p50": 50, "p95": 95, "p99": 99, "max": 100,
                },
                {
                    "name": "unused", "labels": {}, "count": 0, "sum": 0, "mean": null,
                    "p50": null, "p95": null, "p99": null, "max": null,
                },
            ],
        })
    );
}

#[test]
fn of_nothing_the_lists_are_empty() {
    let nothing = json!({ "counters": [], "gauges": [], "histograms": [] });
    assert_eq!(export::json::value(&Snapshot::new()), nothing);
}

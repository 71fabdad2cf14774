//! To the facade and back.

use std::time::Duration;

use metrics::{Unit, with_local_recorder};
use steadfast_telemetry::export::metrics::{Facade, Publisher};
use steadfast_telemetry::{Key, Recorder, Registry};

#[test]
fn what_libraries_count_lands_in_the_registry() {
    let registry = Registry::new();
    with_local_recorder(&Facade::new(registry.clone()), || {
        metrics::counter!("requests", "host" => "a").increment(2);
        metrics::counter!("requests", "host" => "a").absolute(5);
        metrics::counter!("requests", "host" => "a").absolute(4);
        metrics::gauge!("open").set(3.0);
        metrics::gauge!("open").increment(2.0);
        metrics::gauge!("open").decrement(1.0);
        metrics::histogram!("size").record(7.4);
        metrics::histogram!("size").record(-1.0);
        metrics::histogram!("size").record_many(2.0, 3);
    });
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.counter(&Key::new("requests").label("host", "a")), 5);
    assert_eq!(snapshot.gauge(&Key::new("open")), Some(4));
    let size = snapshot.histogram_sum("size");
    assert_eq!((size.count(), size.sum(), size.max()), (5, 13, Some(7)));
}

#[test]
fn durations_become_nanoseconds_when_anything_says_that_they_are() {
    let registry = Registry::new();
    with_local_recorder(&Facade::new(registry.clone()), || {
        metrics::describe_histogram!("dial", Unit::Milliseconds, "time to dial");
        metrics::describe_histogram!("tick_ns", Unit::Nanoseconds, "a tick");
        metrics::describe_gauge!("uptime", Unit::Seconds, "since the start");
        metrics::describe_histogram!("body", Unit::Bytes, "length of a body");
        metrics::histogram!("latency_seconds").record(Duration::from_micros(1_500));
        metrics::histogram!("dial").record(2.5);
        metrics::histogram!("tick_ns").record(8.0);
        metrics::histogram!("body").record(100.0);
        metrics::gauge!("uptime").set(1.5);
    });
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.histogram_sum("latency_ns").sum(), 1_500_000);
    assert_eq!(snapshot.histogram_sum("dial_ns").sum(), 2_500_000);
    assert_eq!(snapshot.histogram_sum("tick_ns").sum(), 8);
    assert_eq!(snapshot.histogram_sum("body").sum(), 100);
    assert_eq!(snapshot.gauge(&Key::new("uptime_ns")), Some(1_500_000_000));
}

#[test]
fn publishing_pushes_what_came_since_the_last_time() {
    let (ours, theirs) = (Registry::new(), Registry::new());
    let facade = Facade::new(theirs.clone());
    let mut publisher = Publisher::new(ours.clone());
    let mut publish = || with_local_recorder(&facade, || publisher.publish());

    let (requests, open) = (ours.counter(&Key::new("requests").label("host", "a")), ours.gauge(&Key::new("open")));
    let latency = ours.histogram(&Key::new("latency_ns"));
    requests.add(2);
    open.set(5);
    latency.record_duration(Duration::from_millis(20));
    publish();
    requests.add(3);
    open.set(4);
    latency.record_duration(Duration::from_millis(30));
    latency.record_duration(Duration::from_millis(30));
    publish();
    publish();

    let snapshot = theirs.snapshot();
    assert_eq!(snapshot.counter(&Key::new("requests").label("host", "a")), 5);
    assert_eq!(snapshot.gauge(&Key::new("open")), Some(4));
    let (told, exact) = (snapshot.histogram_sum("latency_ns"), ours.snapshot().histogram_sum("latency_ns"));
    assert_eq!(told.count(), 3);
    let buckets = |histogram: &steadfast_telemetry::HistogramSnapshot| Vec::from_iter(histogram.buckets());
    assert_eq!(buckets(&told), buckets(&exact));
}

#[test]
fn publishing_without_a_recorder_is_nothing() {
    let registry = Registry::new();
    registry.counter(&Key::new("requests")).inc();
    Publisher::new(registry).publish();
}

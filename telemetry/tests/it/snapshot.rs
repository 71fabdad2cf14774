//! Snapshots: nothing recorded, bounds, saturation, names that begin alike.

use std::time::Duration;

use steadfast_telemetry::{Counter, Histogram, HistogramSnapshot, Key, Recorder, Registry, Snapshot, rate};

#[test]
fn rates_and_averages_of_nothing_are_none() {
    let nothing = Histogram::new().snapshot();
    assert_eq!(nothing, HistogramSnapshot::new());
    assert_eq!((nothing.count(), nothing.sum()), (0, 0));
    assert_eq!((nothing.max(), nothing.mean(), nothing.quantile(0.5)), (None, None, None));
    assert_eq!(rate(0, 0), None);
    assert_eq!(rate(2, 3), Some(2.0 / 3.0));
    assert_eq!(Snapshot::new().counter(&Key::new("x")), 0);
    assert_eq!(Snapshot::new().histogram(&Key::new("x")), None);
    assert_eq!(Snapshot::new().histogram_sum("x").mean(), None);
}

#[test]
fn zero_is_a_value() {
    let histogram = Histogram::new();
    histogram.record(0);
    let snapshot = histogram.snapshot();
    assert_eq!((snapshot.count(), snapshot.max(), snapshot.mean()), (1, Some(0), Some(0.0)));
    assert_eq!(snapshot.quantile(0.5), Some(0));
}

#[test]
fn a_quantile_outside_of_the_unit_interval_is_none() {
    let histogram = Histogram::new();
    histogram.record(1);
    for q in [-0.1, 1.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(histogram.snapshot().quantile(q), None);
    }
}

#[test]
fn quantiles_are_nearest_ranks() {
    let histogram = Histogram::new();
    (1..=100).for_each(|value| histogram.record(value));
    let snapshot = histogram.snapshot();
    for percent in 1..=100u64 {
        assert_eq!(snapshot.quantile(percent as f64 / 100.0), Some(percent));
    }
    assert_eq!(snapshot.quantile(0.0), Some(1));
    assert_eq!(snapshot.mean(), Some(50.5));
}

#[test]
fn sums_saturate_and_stay() {
    let (counter, histogram) = (Counter::new(), Histogram::new());
    counter.add(u64::MAX - 1);
    counter.add(5);
    counter.inc();
    assert_eq!(counter.get(), u64::MAX);
    histogram.record(u64::MAX);
    histogram.record_duration(Duration::MAX);
    let mut snapshot = histogram.snapshot();
    assert_eq!((snapshot.count(), snapshot.sum(), snapshot.max()), (2, u64::MAX, Some(u64::MAX)));
    snapshot.merge(&snapshot.clone());
    assert_eq!((snapshot.count(), snapshot.sum()), (4, u64::MAX));
}

#[test]
fn durations_are_recorded_in_nanoseconds() {
    let histogram = Histogram::new();
    histogram.record_duration(Duration::from_micros(7));
    assert_eq!(histogram.snapshot().sum(), 7000);
}

#[test]
fn a_sum_over_a_name_leaves_out_names_that_begin_alike() {
    let registry = Registry::new();
    for name in ["request", "requests", "requests_total", "a", "z"] {
        registry.counter(&Key::new(name).label("host", "a")).inc();
        registry.counter(&Key::new(name)).inc();
        registry.histogram(&Key::new(name).label("host", "a")).record(1);
    }
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.counter_sum("requests"), 2);
    assert_eq!(snapshot.histogram_sum("requests").count(), 1);
    assert_eq!(snapshot.counter_sum("reques"), 0);
}

#[test]
fn merging_snapshots_adds_series_by_series() {
    fn with(key: &'static str, n: u64) -> Snapshot {
        let registry = Registry::new();
        registry.counter(&Key::new(key)).add(n);
        registry.histogram(&Key::new(key)).record(n);
        registry.snapshot()
    }
    let mut all = with("a", 1);
    all.merge(&with("a", 2));
    all.merge(&with("b", 3));
    assert_eq!((all.counter(&Key::new("a")), all.counter(&Key::new("b"))), (3, 3));
    assert_eq!(all.histogram(&Key::new("a")).unwrap().count(), 2);
    assert_eq!(all.histogram(&Key::new("b")).unwrap().max(), Some(3));
}

#[test]
fn since_counts_new_series_from_zero_and_shrunken_ones_as_unchanged() {
    let (old, new) = (Registry::new(), Registry::new());
    old.counter(&Key::new("shrunken")).add(5);
    old.histogram(&Key::new("shrunken")).record(5);
    new.counter(&Key::new("shrunken")).add(2);
    new.counter(&Key::new("new")).add(2);
    new.histogram(&Key::new("shrunken"));
    new.histogram(&Key::new("new")).record(9);
    let added = new.snapshot().since(&old.snapshot());
    assert_eq!((added.counter(&Key::new("shrunken")), added.counter(&Key::new("new"))), (0, 2));
    assert_eq!(added.histogram_sum("shrunken").max(), None);
    assert_eq!(added.histogram_sum("new").max(), Some(9));
}

#[test]
fn the_maximum_since_a_baseline_is_that_of_the_new_values() {
    let histogram = Histogram::new();
    histogram.record(1_000_000);
    let baseline = histogram.snapshot();
    histogram.record(1000);
    let added = histogram.snapshot().since(&baseline);
    let max = added.max().unwrap();
    assert!((1000..1008).contains(&max), "{max}");
    assert_eq!((added.count(), added.sum()), (1, 1000));
}

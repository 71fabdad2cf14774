//! The registry: same key, same series; surplus; keys.

use steadfast_telemetry::{Key, Recorder, Registry};

#[test]
fn the_same_key_is_the_same_series() {
    let registry = Registry::new();
    let key = Key::new("requests").label("host", "a").label("status", "200");
    registry.counter(&key).add(2);
    registry.clone().counter(&Key::new("requests").label("status", "200").label("host", "a")).inc();
    assert_eq!(registry.snapshot().counter(&key), 3);
    registry.histogram(&key).record(5);
    registry.histogram(&key).record(6);
    assert_eq!(registry.snapshot().histogram(&key).unwrap().sum(), 11);
}

#[test]
fn a_series_kept_before_the_bound_stays() {
    let registry = Registry::with_max_series(1);
    let first = Key::new("requests").label("host", "a");
    registry.counter(&first).inc();
    registry.counter(&Key::new("requests").label("host", "b")).inc();
    registry.counter(&first).inc();
    assert_eq!(registry.snapshot().counter(&first), 2);
}

#[test]
fn an_explicit_other_is_shared_with_the_surplus() {
    let registry = Registry::with_max_series(1);
    let other = Key::new("requests").label("host", "other");
    registry.counter(&other).inc();
    registry.counter(&Key::new("requests").label("host", "b")).inc();
    assert_eq!(registry.snapshot().counter(&other), 2);
}

#[test]
fn even_endless_names_are_bounded() {
    let registry = Registry::with_max_series(10);
    for i in 0..1000 {
        registry.counter(&Key::new(format!("name {i}"))).inc();
    }
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.counters.len(), 10 + 64);
    assert_eq!(snapshot.counters.values().sum::<u64>(), 1000);
    assert_eq!(snapshot.counter(&Key::new("other")), 1000 - 10 - 63);
}

#[test]
fn counters_and_histograms_are_bounded_apart() {
    let registry = Registry::with_max_series(1);
    registry.counter(&Key::new("requests")).inc();
    registry.histogram(&Key::new("latency")).record(1);
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.counter(&Key::new("requests")), 1);
    assert!(snapshot.histogram(&Key::new("latency")).is_some());
}

#[test]
fn a_label_given_twice_keeps_the_last_value() {
    let key = Key::new("x").label("a", "1").label("a", "2");
    assert_eq!(key, Key::new("x").label("a", "2"));
    assert_eq!(key.value("a"), Some("2"));
    assert_eq!(key.value("b"), None);
    assert_eq!(key.name(), "x");
}

#[test]
fn a_key_is_shown_on_one_line() {
    fn check(key: &Key, shown: &str) {
        assert_eq!(key.to_string(), shown);
    }
    check(&Key::new("x"), "x");
    check(&Key::new("x").label("b", "2").label("a", "1"), r#"x{a="1",b="2"}"#);
    check(&Key::new("x").label("a", "say \"hi\"\n\\"), r#"x{a="say \"hi\"\n\\"}"#);
}

#[test]
fn debug_tells_the_size_of_a_registry() {
    let registry = Registry::with_max_series(5);
    registry.counter(&Key::new("x")).inc();
    assert_eq!(format!("{registry:?}"), "Registry { counters: 1, gauges: 0, histograms: 0, max_series: 5 }");
}

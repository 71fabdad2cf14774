//! Which series are let go, which stay, and how large a key can be.

use std::time::Duration;

use steadfast_clock::ManualClock;
use steadfast_telemetry::{Key, Recorder, Registry};

const HOUR: Duration = Duration::from_secs(60 * 60);

fn host(host: &'static str) -> Key {
    Key::new("requests").label("host", host)
}

fn registry(max_series: usize) -> (Registry, ManualClock) {
    let clock = ManualClock::new();
    (Registry::builder().max_series(max_series).clock(clock.clone()).build(), clock)
}

#[test]
fn a_stale_series_makes_room_for_a_new_one() {
    let (registry, clock) = registry(1);
    registry.counter(&host("old")).add(2);
    registry.snapshot(); // notes that it was in use
    clock.advance(HOUR);
    registry.counter(&host("new")).inc();
    let snapshot = registry.snapshot();
    assert_eq!((snapshot.counter(&host("new")), snapshot.counter(&host("other"))), (1, 2));
    assert!(!snapshot.counters.contains_key(&host("old")));
    assert_eq!(registry.counter(&host("old")).get(), 2, "there is no room for it: it is counted with the others");
}

#[test]
fn a_series_that_is_looked_up_again_starts_at_zero() {
    let (registry, clock) = registry(10);
    registry.counter(&host("a")).add(2);
    assert_eq!(registry.reap(), 0);
    clock.advance(HOUR);
    assert_eq!(registry.reap(), 1);
    assert_eq!(registry.counter(&host("a")).get(), 0);
    assert_eq!(registry.snapshot().counter_sum("requests"), 2);
}

#[test]
fn series_stay_that_are_used_or_unlabelled_or_collect_for_others() {
    let (registry, clock) = registry(10);
    let held = registry.counter(&host("held"));
    registry.counter(&host("looked up"));
    registry.counter(&Key::new("requests"));
    registry.counter(&host("other"));
    registry.reap();
    for _ in 0..3 {
        clock.advance(HOUR - Duration::from_secs(1));
        registry.counter(&host("looked up"));
        assert_eq!(registry.reap(), 0);
    }
    drop(held);
    registry.reap(); // it was held until now
    clock.advance(HOUR);
    assert_eq!(registry.reap(), 2);
    assert_eq!(registry.snapshot().counters.len(), 2);
}

#[test]
fn a_gauge_is_let_go_at_level_zero_only() {
    let (registry, clock) = registry(10);
    registry.gauge(&host("open")).set(1);
    registry.gauge(&host("closed")).set(0);
    registry.reap();
    clock.advance(HOUR);
    assert_eq!(registry.reap(), 1);
    assert_eq!(registry.snapshot().gauge(&host("open")), Some(1));
}

#[test]
fn nothing_is_stale_where_nothing_shall_be() {
    let clock = ManualClock::new();
    let registry = Registry::builder().stale_after(None).clock(clock.clone()).build();
    registry.counter(&host("a"));
    registry.reap();
    clock.advance(1000 * HOUR);
    assert_eq!(registry.reap(), 0);
}

#[test]
fn no_series_is_moved_to_the_last_resort() {
    let (registry, clock) = registry(200);
    for name in 0..100 {
        registry.counter(&Key::new(format!("name {name}")).label("host", "a")).inc();
    }
    registry.reap();
    clock.advance(HOUR);
    // There are 63 series to collect under names of their own; the rest stays where it is.
    assert_eq!(registry.reap(), 63);
    let snapshot = registry.snapshot();
    assert!((0..100).all(|name| snapshot.counter_sum(&format!("name {name}")) == 1));
}

#[test]
fn a_series_is_of_the_kind_that_it_was_made_as() {
    let registry = Registry::new();
    registry.histogram_sharded(&host("a")).record(1);
    registry.histogram(&host("a")).record(2);
    assert_eq!(registry.snapshot().histogram(&host("a")).unwrap().sum(), 3);
}

#[test]
fn a_long_value_is_cut_between_characters() {
    fn check(value: &str, kept: &str) {
        assert_eq!(Key::new("x").label("a", value.to_owned()).value("a"), Some(kept));
    }
    check(&"x".repeat(128), &"x".repeat(128));
    check(&"x".repeat(129), &format!("{}…", "x".repeat(128)));
    check(&"é".repeat(65), &format!("{}…", "é".repeat(64)));
    check(&format!("x{}", "é".repeat(64)), &format!("x{}…", "é".repeat(63)));
}

#[test]
fn a_key_has_the_first_sixteen_labels_in_whatever_order_they_come() {
    let label = |key: Key, n: i32| key.label(format!("{n:02}"), "v");
    let up = (0..20).fold(Key::new("x"), label);
    let down = (0..20).rev().fold(Key::new("x"), label);
    assert_eq!(up, down);
    assert_eq!(
        up.labels().map(|(name, _)| name.to_owned()).collect::<Vec<_>>(),
        (0..16).map(|n| format!("{n:02}")).collect::<Vec<_>>()
    );
}

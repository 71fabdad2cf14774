//! Gauges: guards, gathered changes, saturation.

use std::panic::{AssertUnwindSafe, catch_unwind};

use steadfast_telemetry::Gauge;

#[test]
fn a_level_is_held_until_the_guard_is_dropped() {
    let open = Gauge::new();
    let (two, one) = (open.hold(2), open.hold(1));
    assert_eq!(open.get(), 3);
    drop(two);
    assert_eq!(open.get(), 1);
    drop(one);
    assert_eq!(open.get(), 0);
}

#[test]
fn a_panic_lowers_the_level_again() {
    let open = Gauge::new();
    let result = catch_unwind(AssertUnwindSafe(|| {
        let _held = open.hold(1);
        panic!("the connection broke");
    }));
    assert!(result.is_err());
    assert_eq!(open.get(), 0);
}

#[test]
fn gathered_changes_are_made_when_flushed_or_dropped() {
    let queued = Gauge::new();
    let local = queued.local();
    local.add(5);
    local.sub(2);
    assert_eq!(queued.get(), 0);
    local.flush();
    local.flush();
    assert_eq!(queued.get(), 3);
    local.sub(4);
    drop(local);
    assert_eq!(queued.get(), -1);
}

#[test]
fn levels_saturate_at_both_ends() {
    let gauge = Gauge::new();
    gauge.set(i64::MAX);
    gauge.add(1);
    assert_eq!(gauge.get(), i64::MAX);
    gauge.set(i64::MIN);
    gauge.sub(1);
    assert_eq!(gauge.get(), i64::MIN);
}

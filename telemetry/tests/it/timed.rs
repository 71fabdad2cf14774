//! The guard: every way in which a measurement ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use steadfast_clock::ManualClock;
use steadfast_telemetry::Histogram;

const STEP: Duration = Duration::from_millis(5);

#[test]
fn dropping_records_once() {
    let (histogram, clock) = (Histogram::new(), ManualClock::new());
    let timed = histogram.start(clock.clone());
    clock.advance(STEP);
    assert_eq!(timed.elapsed(), STEP);
    assert_eq!(histogram.snapshot().count(), 0);
    drop(timed);
    assert_eq!((histogram.snapshot().count(), histogram.snapshot().sum()), (1, 5_000_000));
}

#[test]
fn stopping_records_once_and_tells() {
    let (histogram, clock) = (Histogram::new(), ManualClock::new());
    let timed = histogram.start(&clock);
    clock.advance(STEP);
    assert_eq!(timed.stop(), STEP);
    assert_eq!((histogram.snapshot().count(), histogram.snapshot().sum()), (1, 5_000_000));
}

#[test]
fn discarding_records_nothing() {
    let (histogram, clock) = (Histogram::new(), ManualClock::new());
    let timed = histogram.start(&clock);
    clock.advance(STEP);
    timed.discard();
    assert_eq!(histogram.snapshot().count(), 0);
}

#[test]
fn a_panic_is_timed_too() {
    let (histogram, clock) = (Histogram::new(), ManualClock::new());
    let result = catch_unwind(AssertUnwindSafe(|| {
        let _timed = histogram.start(&clock);
        clock.advance(STEP);
        panic!("the operation failed");
    }));
    assert!(result.is_err());
    assert_eq!(histogram.snapshot().sum(), 5_000_000);
}

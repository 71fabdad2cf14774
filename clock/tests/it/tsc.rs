//! The processor's counter: one origin, and a rate that is the system's but for its calibration.

use std::time::Duration;

use steadfast_clock::{BlockingTimer, Clock, Nanos, System, Tsc, Wall};

#[test]
fn all_of_a_process_compare() {
    let first = Tsc::new();
    let before = first.now();
    let told = std::thread::spawn(|| Tsc::new().now()).join().unwrap();
    let second = Tsc::default();
    assert!(before >= Nanos::from_nanos(1_000_000_000));
    assert!(second.now() >= before);
    assert!(told.since(before) < Duration::from_secs(3600));
}

#[test]
fn blocking_waits_for_its_own_time() {
    let clock = Tsc::new();
    let at = clock.now().saturating_add(Duration::from_micros(200));
    clock.block_until(at);
    assert!(clock.now() >= at);
}

#[test]
fn it_runs_as_fast_as_the_system() {
    let (system, counter) = (System::new(), Tsc::new());
    // Each stretch of the counter lies within one of the system, and around the next: whatever interrupts in between.
    let outer = system.now();
    let start = counter.now();
    let inner = system.now();
    system.block_until(inner.saturating_add(Duration::from_millis(5)));
    let inner = system.now().since(inner);
    let counted = counter.now().since(start);
    let outer = system.now().since(outer);
    let slack = outer / 10;
    assert!(counted + slack >= inner, "{counted:?} of {inner:?}");
    assert!(counted <= outer + slack, "{counted:?} of {outer:?}");
}

#[test]
fn the_calendar_is_the_systems() {
    let before = System::new().wall();
    assert!(Tsc::new().wall().since(before) < Duration::from_secs(3600));
}

//! Clocks that are late on purpose, the real one and the manual one.

use std::io::ErrorKind;
use std::time::Duration;

use steadfast_clock::{BlockingTimer, Clock, Coarse, ManualClock, Nanos, System, Wall};

const TICK: Duration = Duration::from_millis(1);

#[test]
fn a_tick_of_zero_is_refused() {
    assert_eq!(Coarse::start(Duration::ZERO).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn it_is_never_ahead_of_the_system() {
    let (coarse, system) = (Coarse::start(TICK).unwrap(), System::new());
    for _ in 0..10_000 {
        let told = coarse.now();
        assert!(told <= system.now());
    }
}

#[test]
fn it_starts_with_the_time_and_its_thread_keeps_it() {
    let before = System::new().now();
    let coarse = Coarse::start(TICK).unwrap();
    assert!(coarse.now() >= before);
    assert_eq!(coarse.tick(), TICK);
    let at = coarse.now().saturating_add(Duration::from_nanos(1));
    coarse.clone().block_until(at);
    assert!(coarse.now() >= at);
}

#[test]
fn the_manual_one_tells_the_last_tick() {
    let clock = ManualClock::new();
    let coarse = clock.coarse(Duration::from_millis(4));
    let start = clock.now();
    clock.advance(Duration::from_micros(7_999));
    assert_eq!(coarse.now(), start.saturating_add(Duration::from_millis(4)));
    assert_eq!(coarse.wall(), clock.wall());
    assert_eq!(coarse.tick(), Duration::from_millis(4));
}

#[test]
fn a_tick_beyond_all_time_never_comes() {
    let coarse = ManualClock::new().coarse(Duration::MAX);
    assert_eq!(coarse.now(), Nanos::ZERO);
    coarse.block_until(Nanos::from_nanos(5));
    assert_eq!(coarse.now(), Nanos::MAX);
}

#[test]
fn a_tick_of_zero_is_the_exact_time_on_the_manual_one() {
    let clock = ManualClock::new();
    clock.advance(Duration::from_nanos(3));
    let coarse = clock.coarse(Duration::ZERO);
    assert_eq!(coarse.now(), clock.now());
    let at = clock.now().saturating_add(Duration::from_nanos(1));
    coarse.block_until(at);
    assert_eq!(clock.now(), at);
}

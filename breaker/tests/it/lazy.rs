//! How often a permit reads the clock: no more than its rule asks for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use steadfast_breaker::{CircuitBreaker, Outcome, Rate, Rule};
use steadfast_clock::{Clock, ManualClock, Nanos};

#[derive(Clone, Default)]
struct Counted(ManualClock, Arc<AtomicU64>);

impl Clock for Counted {
    fn now(&self) -> Nanos {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.now()
    }
}

/// Reads of the clock by a call with `outcome` on a closed breaker, as a borrowed and as an owned permit.
#[track_caller]
fn check(rule: Rule, outcome: Outcome, reads: u64) {
    let clock = Counted::default();
    let breaker = Arc::new(CircuitBreaker::new(rule).unwrap());
    breaker.permit(&clock).unwrap().settle(outcome);
    assert_eq!(clock.1.swap(0, Ordering::Relaxed), reads, "borrowed");
    breaker.permit_owned(clock.clone()).unwrap().settle(outcome);
    assert_eq!(clock.1.swap(0, Ordering::Relaxed), reads, "owned");
}

#[test]
fn the_clock_is_read_when_it_matters() {
    let rate = Rate::failures(0.5);
    let over_time = Rule::new().rate(rate.over_time(Duration::from_secs(10)));
    let over_calls = Rule::new().rate(rate.over_calls(100));
    let slow = Rule::new().rate(rate.or_slow(0.5, Duration::from_secs(1)));
    for rule in [Rule::new(), Rule::new().consecutive(5), over_calls] {
        check(rule, Outcome::Success, 0);
        check(rule, Outcome::Ignored, 0);
        check(rule, Outcome::Abandoned, 0);
        check(rule, Outcome::Failure, 1);
    }
    check(over_time, Outcome::Success, 1);
    check(over_time, Outcome::Abandoned, 0);
    check(slow, Outcome::Success, 2);
    check(slow, Outcome::Ignored, 1);
}

#[test]
fn a_success_that_ends_a_row_and_a_probe_read_it() {
    let clock = Counted::default();
    let breaker = CircuitBreaker::new(Rule::new().consecutive(2)).unwrap();
    breaker.permit(&clock).unwrap().failure();
    breaker.permit(&clock).unwrap().success();
    assert_eq!(breaker.status(clock.0.now()).failures, 0);
    for _ in 0..2 {
        breaker.permit(&clock).unwrap().failure();
    }
    clock.0.advance(Duration::from_secs(30));
    clock.1.store(0, Ordering::Relaxed);
    let probe = breaker.permit(&clock).unwrap();
    assert_eq!(probe.started(), Some(clock.0.now()));
    probe.success();
    assert_eq!(clock.1.load(Ordering::Relaxed), 2);
}

#[test]
fn while_closed_admitting_and_succeeding_take_no_lock() {
    let rate = Rate::failures(0.5).or_slow(0.5, Duration::from_secs(1)).min_calls(1);
    for rule in [Rule::new().failures(1), Rule::new().consecutive(1), Rule::new().rate(rate)] {
        let clock = ManualClock::new();
        let shared: Arc<OnceLock<CircuitBreaker>> = Arc::default();
        let asked = Arc::new(AtomicU64::new(0));
        // Runs with the lock held, before the breaker is open.
        let schedule = {
            let (shared, clock, asked) = (Arc::clone(&shared), clock.clone(), Arc::clone(&asked));
            move |_: u32| {
                shared.get().unwrap().permit(&clock).unwrap().success();
                asked.fetch_add(1, Ordering::Relaxed);
                Duration::from_secs(1)
            }
        };
        let breaker = shared.get_or_init(|| CircuitBreaker::new(rule).unwrap().open_time(schedule));
        breaker.permit(&clock).unwrap().failure();
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert!(breaker.permit(&clock).is_err());
    }
}

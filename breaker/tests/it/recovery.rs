//! The way back: ramps, and open times that grow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use steadfast_breaker::{CircuitBreaker, Machine, Mode, Reason, Rule, State};
use steadfast_clock::{Clock, ManualClock};

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// A breaker whose ramp of 10 s has just begun.
fn in_the_ramp(rule: Rule) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::new(rule.successes(1).ramp(secs(10))).unwrap();
    breaker.force_open(clock.now());
    breaker.reset(clock.now());
    for _ in 0..rule.failures {
        breaker.permit(&clock).unwrap().failure();
    }
    clock.advance(secs(30));
    breaker.permit(&clock).unwrap().success();
    (breaker, clock)
}

#[test]
fn the_ramp_admits_a_tenth_at_first_and_more_by_and_by() {
    let (breaker, clock) = in_the_ramp(Rule::new());
    let status = breaker.status(clock.now());
    assert_eq!((status.state, status.mode, status.retry_in), (State::HalfOpen, Mode::Ruled, Some(secs(10))));
    let mut admitted = Vec::new();
    for _ in 0..10 {
        let count = (0..1000).filter(|_| breaker.permit(&clock).map(|permit| permit.success()).is_ok()).count();
        admitted.push(count);
        clock.advance(secs(1));
    }
    for (second, count) in admitted.into_iter().enumerate() {
        assert!(count.abs_diff(100 + 90 * second) <= 1, "{count} in second {second}");
    }
    assert_eq!(breaker.state(clock.now()), State::Closed, "the ramp is over, though nobody has asked");
    assert!(breaker.is_idle(clock.now()));
    assert!((0..1000).all(|_| breaker.permit(&clock).is_ok()));
}

#[test]
fn a_rejection_in_the_ramp_says_when_all_are_admitted() {
    let (breaker, clock) = in_the_ramp(Rule::new());
    clock.advance(secs(2));
    let rejected = (0..20).find_map(|_| breaker.permit(&clock).err()).unwrap();
    let told = "circuit breaker is half-open and admits a share of the calls, all of them in 8.0s";
    assert_eq!(rejected.to_string(), told);
}

#[test]
fn the_rule_judges_calls_in_the_ramp() {
    let (breaker, clock) = in_the_ramp(Rule::new().failures(3));
    clock.advance(secs(9));
    let mut failures = 0;
    while breaker.state(clock.now()) == State::HalfOpen {
        if let Ok(permit) = breaker.permit(&clock) {
            assert!(!permit.is_probe());
            permit.failure();
            failures += 1;
        }
    }
    assert_eq!(failures, 3);
    let status = breaker.status(clock.now());
    assert_eq!((status.state, status.openings, status.in_a_row), (State::Open, 3, 2), "it had not closed in between");
}

#[test]
fn nothing_of_the_ramp_is_carried_over() {
    let (breaker, clock) = in_the_ramp(Rule::new().failures(3));
    clock.advance(secs(9));
    let late = std::iter::repeat_with(|| breaker.permit(&clock)).find_map(Result::ok).unwrap();
    std::iter::repeat_with(|| breaker.permit(&clock)).find_map(Result::ok).unwrap().failure();
    assert_eq!(breaker.status(clock.now()).failures, 1);
    clock.advance(secs(1));
    breaker.permit(&clock).unwrap().success();
    late.failure();
    assert!(breaker.is_idle(clock.now()));
}

#[test]
fn openings_in_a_row_last_longer() {
    let clock = ManualClock::new();
    let rule = Rule::new().failures(1).successes(1).open_for(secs(1)).open_growth(2.0, secs(5));
    let breaker = CircuitBreaker::new(rule).unwrap();
    for lasting in [1, 2, 4, 5, 5] {
        breaker.permit(&clock).unwrap().failure();
        assert_eq!(breaker.permit(&clock).unwrap_err().retry_in, Some(secs(lasting)));
        clock.advance(secs(lasting));
    }
    assert_eq!(breaker.status(clock.now()).in_a_row, 5);
    breaker.permit(&clock).unwrap().success();
    assert_eq!(breaker.status(clock.now()).in_a_row, 0);
    breaker.permit(&clock).unwrap().failure();
    assert_eq!(breaker.permit(&clock).unwrap_err().retry_in, Some(secs(1)));
}

#[test]
fn a_schedule_of_ones_own_beats_the_rule() {
    let clock = ManualClock::new();
    let asked = Arc::new(AtomicU32::new(0));
    let heard = Arc::clone(&asked);
    let schedule = move |in_a_row: u32| {
        heard.store(in_a_row, Ordering::Relaxed);
        if in_a_row == 1 { Duration::ZERO } else { secs(u64::from(in_a_row) * 7) }
    };
    let breaker = CircuitBreaker::new(Rule::new().failures(1)).unwrap().open_time(schedule);
    breaker.permit(&clock).unwrap().failure();
    assert_eq!(breaker.permit(&clock).unwrap_err().retry_in, Some(Duration::from_nanos(1)), "zero is no time");
    clock.advance(secs(1));
    breaker.permit(&clock).unwrap().failure();
    assert_eq!(breaker.permit(&clock).unwrap_err().retry_in, Some(secs(14)));
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[test]
fn a_machine_made_by_hand_can_be_shared_in_any_state() {
    let clock = ManualClock::new();
    let mut machine = Machine::new(Rule::new()).unwrap().open_time(|_: u32| secs(3));
    assert_eq!(machine.force_open(clock.now()).reason, Reason::ForcedOpen);
    let breaker = CircuitBreaker::from_machine(machine, ());
    assert!(breaker.permit(&clock).is_err());
    breaker.reset(clock.now());
    assert!(breaker.permit(&clock).is_ok());
}

//! Rates of failures and of slow calls, by example.

use std::time::Duration;

use steadfast_breaker::{CircuitBreaker, Machine, Outcome, Rate, Reason, Rule, State};
use steadfast_clock::{Clock, ManualClock, Nanos};

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn breaker(rate: Rate) -> (CircuitBreaker, ManualClock) {
    (CircuitBreaker::new(Rule::new().rate(rate)).unwrap(), ManualClock::new())
}

fn run(breaker: &CircuitBreaker, clock: &ManualClock, good: u32, bad: u32) {
    for _ in 0..good {
        breaker.permit(clock).unwrap().success();
    }
    for _ in 0..bad {
        breaker.permit(clock).unwrap().failure();
    }
}

#[test]
fn opens_at_the_failure_that_makes_the_rate() {
    for rate in [Rate::failures(0.5).over_calls(100), Rate::failures(0.5).over_time(secs(10))] {
        let (breaker, clock) = breaker(rate.min_calls(10));
        run(&breaker, &clock, 5, 4);
        assert_eq!(breaker.state(clock.now()), State::Closed, "nine calls");
        let status = breaker.status(clock.now());
        assert_eq!((status.calls, status.failures, status.slow), (9, 4, 0));
        run(&breaker, &clock, 0, 1);
        assert_eq!(breaker.state(clock.now()), State::Open);
    }
}

#[test]
fn a_success_does_not_open_though_it_makes_the_calls_enough() {
    let (breaker, clock) = breaker(Rate::failures(0.5).over_time(secs(10)).min_calls(10));
    run(&breaker, &clock, 0, 9);
    run(&breaker, &clock, 1, 0);
    assert_eq!(breaker.state(clock.now()), State::Closed);
    run(&breaker, &clock, 0, 1);
    assert_eq!(breaker.state(clock.now()), State::Open);
}

#[test]
fn three_of_thirty_is_a_tenth() {
    let (breaker, clock) = breaker(Rate::failures(0.1).over_calls(30).min_calls(30));
    run(&breaker, &clock, 27, 2);
    assert_eq!(breaker.state(clock.now()), State::Closed);
    run(&breaker, &clock, 0, 1);
    assert_eq!(breaker.state(clock.now()), State::Open);
}

#[test]
fn old_calls_leave_the_window_of_time() {
    let (breaker, clock) = breaker(Rate::failures(0.5).over_time(secs(16)).min_calls(4));
    run(&breaker, &clock, 2, 1);
    clock.advance(secs(16));
    assert_eq!(breaker.status(clock.now()).calls, 0);
    run(&breaker, &clock, 1_000, 1);
    clock.advance(secs(8));
    run(&breaker, &clock, 0, 2);
    assert_eq!(breaker.status(clock.now()).calls, 1003);
    clock.advance(secs(8));
    assert_eq!(breaker.status(clock.now()).calls, 2);
    run(&breaker, &clock, 0, 2);
    assert_eq!(breaker.state(clock.now()), State::Open);
}

#[test]
fn slow_calls_open_and_slow_probes_too() {
    let (breaker, clock) = breaker(Rate::slow(0.5, secs(2)).over_calls(10).min_calls(4));
    for busy in [0, 1, 2] {
        let permit = breaker.permit(&clock).unwrap();
        clock.advance(secs(busy));
        permit.success();
    }
    let status = breaker.status(clock.now());
    assert_eq!((status.calls, status.slow, status.failures), (3, 1, 0));
    let permit = breaker.permit(&clock).unwrap();
    clock.advance(secs(9));
    permit.success();
    assert_eq!(breaker.state(clock.now()), State::Open);
    clock.advance(secs(30));
    let probe = breaker.permit(&clock).unwrap();
    clock.advance(secs(2));
    probe.success();
    assert_eq!(breaker.status(clock.now()).openings, 2, "the probe was slow");
}

#[test]
fn the_reason_says_which_rate() {
    let rule = Rule::new().rate(Rate::failures(1.0).or_slow(0.5, secs(1)).over_calls(2).min_calls(1));
    for (outcome, busy, reason) in [
        (Outcome::Failure, secs(0), Reason::FailureRate),
        (Outcome::Failure, secs(1), Reason::FailureRate),
        (Outcome::Success, secs(1), Reason::SlowRate),
    ] {
        let mut machine = Machine::new(rule).unwrap();
        let ticket = machine.admit(Nanos::ZERO).0.unwrap();
        let change = machine.settle(ticket, outcome, busy, Nanos::ZERO).unwrap();
        assert_eq!(change.reason, reason);
    }
    let mut machine = Machine::new(Rule::new().consecutive(1)).unwrap();
    let ticket = machine.admit(Nanos::ZERO).0.unwrap();
    let change = machine.settle(ticket, Outcome::Failure, secs(0), Nanos::ZERO).unwrap();
    assert_eq!(change.reason, Reason::Consecutive);
}

#[test]
fn a_success_ends_a_row() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::new(Rule::new().consecutive(3)).unwrap();
    for _ in 0..10 {
        run(&breaker, &clock, 0, 2);
        assert_eq!(breaker.status(clock.now()).failures, 2);
        clock.advance(secs(3600));
        breaker.permit(&clock).unwrap().ignored();
        run(&breaker, &clock, 1, 0);
        assert!(breaker.is_idle(clock.now()));
    }
    run(&breaker, &clock, 0, 3);
    assert_eq!(breaker.state(clock.now()), State::Open);
}

#[test]
fn a_clock_that_steps_far_back_begins_anew() {
    let rule = Rule::new().rate(Rate::failures(0.5).over_time(secs(16)).min_calls(4));
    let breaker = CircuitBreaker::new(rule).unwrap();
    let at = |n| Nanos::ZERO.saturating_add(secs(n));
    let end = |good: bool, now| {
        use steadfast_breaker::Breaker;
        let ticket = breaker.admit(now).unwrap();
        breaker.settle(ticket, if good { Outcome::Success } else { Outcome::Failure }, secs(0), now);
    };
    for n in 0..16 {
        end(n % 5 > 0, at(1000 + n));
    }
    assert_eq!(breaker.status(at(1015)).calls, 16);
    assert_eq!(breaker.status(at(100)).calls, 0);
    for _ in 0..2 {
        end(true, at(100));
        end(false, at(100));
    }
    assert_eq!(breaker.state(at(100)), State::Open, "two of four");
}

#[test]
fn memory_does_not_grow_with_the_window_or_the_traffic() {
    for window in [secs(1), secs(365 * 86_400)] {
        let mut machine = Machine::new(Rule::new().rate(Rate::failures(1.0).over_time(window))).unwrap();
        for n in 0..20_000u64 {
            let now = Nanos::from_nanos(n * 1_000_000);
            let ticket = machine.admit(now).0.unwrap();
            let outcome = if n % 2 == 0 { Outcome::Success } else { Outcome::Failure };
            machine.settle(ticket, outcome, secs(0), now);
        }
        // All of it is told, and it is sixteen buckets.
        let told = format!("{machine:?}");
        assert_eq!(told.matches("Bucket {").count(), 16);
        assert!(told.len() < 4_000, "{}", told.len());
    }
}

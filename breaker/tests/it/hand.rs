//! Breakers ruled by hand.

use std::time::Duration;

use steadfast_breaker::{CircuitBreaker, Machine, Mode, Reason, Rejected, Rule, State};
use steadfast_clock::{Clock, ManualClock, Nanos};

fn breaker(rule: Rule) -> (CircuitBreaker, ManualClock) {
    (CircuitBreaker::new(rule).unwrap(), ManualClock::new())
}

#[test]
fn forced_open_rejects_until_someone_says_otherwise() {
    let (breaker, clock) = breaker(Rule::new());
    breaker.force_open(clock.now());
    clock.advance(Duration::from_secs(1_000_000));
    let rejected = breaker.permit(&clock).unwrap_err();
    assert_eq!(rejected, Rejected::new(State::Open, None));
    assert_eq!(rejected.to_string(), "circuit breaker is open");
    let status = breaker.status(clock.now());
    assert_eq!((status.state, status.mode, status.retry_in), (State::Open, Mode::ForcedOpen, None));
    assert_eq!((status.openings, status.in_a_row), (1, 0));
    breaker.reset(clock.now());
    breaker.permit(&clock).unwrap().success();
    assert!(breaker.is_idle(clock.now()));
}

#[test]
fn forced_closed_counts_and_does_not_open() {
    for rule in [Rule::new().failures(2), Rule::new().consecutive(2)] {
        let (breaker, clock) = breaker(rule);
        breaker.force_closed(clock.now());
        for _ in 0..9 {
            breaker.permit(&clock).unwrap().failure();
        }
        let status = breaker.status(clock.now());
        assert_eq!((status.state, status.mode), (State::Closed, Mode::ForcedClosed));
        assert!(status.failures >= 2);
        assert!(!breaker.is_idle(clock.now()), "someone decided about it");
        breaker.reset(clock.now());
        assert_eq!(breaker.status(clock.now()).failures, 0);
        for _ in 0..2 {
            breaker.permit(&clock).unwrap().failure();
        }
        assert_eq!(breaker.state(clock.now()), State::Open);
    }
}

#[test]
fn disabled_counts_nothing() {
    let (breaker, clock) = breaker(Rule::new().failures(1));
    breaker.permit(&clock).unwrap().failure();
    breaker.disable(clock.now());
    for _ in 0..9 {
        breaker.permit(&clock).unwrap().failure();
    }
    let status = breaker.status(clock.now());
    assert_eq!((status.state, status.mode, status.failures), (State::Closed, Mode::Disabled, 0));
    assert!(!breaker.is_idle(clock.now()));
    breaker.force_open(clock.now());
    assert!(breaker.permit(&clock).is_err());
}

#[test]
fn what_is_done_by_hand_is_fenced() {
    let (breaker, clock) = breaker(Rule::new().failures(1));
    let early = breaker.permit(&clock).unwrap();
    breaker.reset(clock.now());
    early.failure();
    assert!(breaker.is_idle(clock.now()));
    let early = breaker.permit(&clock).unwrap();
    breaker.force_closed(clock.now());
    early.failure();
    assert_eq!(breaker.status(clock.now()).failures, 0);
}

#[test]
fn every_act_is_told_with_its_reason() {
    let mut machine = Machine::new(Rule::new()).unwrap();
    let now = Nanos::from_nanos(7);
    let told = [machine.force_open(now), machine.force_closed(now), machine.disable(now), machine.reset(now)];
    let reasons = told.map(|change| (change.from, change.to, change.reason, change.at, change.generation));
    let expected = [
        (State::Closed, State::Open, Reason::ForcedOpen, now, 1),
        (State::Open, State::Closed, Reason::ForcedClosed, now, 2),
        (State::Closed, State::Closed, Reason::Disabled, now, 3),
        (State::Closed, State::Closed, Reason::Reset, now, 4),
    ];
    assert_eq!(reasons, expected);
    assert_eq!(told[0].to_string(), "circuit breaker closed -> open: opened by hand");
}

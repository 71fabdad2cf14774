//! The states one by one, on the shared breaker with a manual clock.

use std::time::Duration;

use steadfast_breaker::{Breaker, CircuitBreaker, Machine, Outcome, Rejected, Rule, State, Ticket};
use steadfast_clock::{Clock, ManualClock, Nanos};

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn breaker(rule: Rule) -> (CircuitBreaker, ManualClock) {
    (CircuitBreaker::new(rule).unwrap(), ManualClock::new())
}

fn fail(breaker: &CircuitBreaker, clock: &ManualClock, times: u32) {
    for _ in 0..times {
        breaker.permit(clock).unwrap().failure();
    }
}

#[test]
fn opens_at_the_last_failure_and_says_for_how_long() {
    let (breaker, clock) = breaker(Rule::new());
    fail(&breaker, &clock, 4);
    assert_eq!(breaker.state(clock.now()), State::Closed);
    assert_eq!(breaker.status(clock.now()).failures, 4);
    fail(&breaker, &clock, 1);
    let opened = clock.now();
    clock.advance(secs(10));
    assert_eq!(breaker.permit(&clock).unwrap_err(), Rejected::new(State::Open, Some(secs(20))));
    let status = breaker.status(clock.now());
    assert_eq!((status.state, status.failures, status.openings), (State::Open, 0, 1));
    assert_eq!((status.opened_at, status.retry_in), (Some(opened), Some(secs(20))));
}

#[test]
fn successes_do_not_hide_failures() {
    let (breaker, clock) = breaker(Rule::new());
    for _ in 0..4 {
        fail(&breaker, &clock, 1);
        for _ in 0..25_000 {
            breaker.permit(&clock).unwrap().success();
        }
    }
    fail(&breaker, &clock, 1);
    assert_eq!(breaker.state(clock.now()), State::Open);
}

#[test]
fn a_failure_as_old_as_the_window_does_not_count() {
    let (breaker, clock) = breaker(Rule::new().failures(2));
    for _ in 0..10 {
        fail(&breaker, &clock, 1);
        clock.advance(secs(60));
    }
    assert!(breaker.is_idle(clock.now()));
    fail(&breaker, &clock, 1);
    assert!(!breaker.is_idle(clock.now()));
    clock.advance(secs(60) - Duration::from_nanos(1));
    fail(&breaker, &clock, 1);
    assert_eq!(breaker.state(clock.now()), State::Open);
    assert!(!breaker.is_idle(clock.now()));
}

#[test]
fn neutral_outcomes_change_nothing() {
    let (breaker, clock) = breaker(Rule::new().failures(1).successes(1));
    breaker.permit(&clock).unwrap().ignored();
    drop(breaker.permit(&clock).unwrap());
    assert!(breaker.is_idle(clock.now()));
    fail(&breaker, &clock, 1);
    clock.advance(secs(30));
    breaker.permit(&clock).unwrap().ignored();
    drop(breaker.permit(&clock).unwrap());
    assert_eq!(breaker.state(clock.now()), State::HalfOpen);
    assert_eq!(breaker.status(clock.now()).successes, 0);
    breaker.permit(&clock).unwrap().success();
    assert!(breaker.is_idle(clock.now()));
}

#[test]
fn half_open_lets_probes_out_and_closes_on_successes() {
    let (breaker, clock) = breaker(Rule::new().successes(3));
    fail(&breaker, &clock, 5);
    clock.advance(secs(30));
    assert_eq!(breaker.state(clock.now()), State::HalfOpen, "its time is up, though nobody has asked");
    let first = breaker.permit(&clock).unwrap();
    let second = breaker.permit(&clock).unwrap();
    assert!(first.is_probe() && second.is_probe());
    let rejected = breaker.permit(&clock).unwrap_err();
    assert_eq!(rejected, Rejected::new(State::HalfOpen, None));
    assert_eq!(rejected.to_string(), "circuit breaker is half-open and all its probes are out");
    first.success();
    second.success();
    let status = breaker.status(clock.now());
    assert_eq!((status.state, status.successes, status.probes), (State::HalfOpen, 2, 0));
    breaker.permit(&clock).unwrap().success();
    assert_eq!(breaker.state(clock.now()), State::Closed);
}

#[test]
fn any_failed_probe_opens_again_for_the_full_time() {
    let (breaker, clock) = breaker(Rule::new());
    fail(&breaker, &clock, 5);
    clock.advance(secs(31));
    let late = breaker.permit(&clock).unwrap();
    breaker.permit(&clock).unwrap().failure();
    assert_eq!(breaker.permit(&clock).unwrap_err(), Rejected::new(State::Open, Some(secs(30))));
    assert_eq!(breaker.status(clock.now()).openings, 2);
    clock.advance(secs(30));
    let fresh = breaker.permit(&clock).unwrap();
    late.failure();
    assert_eq!(breaker.state(clock.now()), State::HalfOpen, "a probe of an earlier half-open period");
    assert_eq!(breaker.status(clock.now()).probes, 1, "and it does not free another's place");
    drop(fresh);
}

#[test]
fn results_from_before_a_change_of_state_change_nothing() {
    let (breaker, clock) = breaker(Rule::new().successes(1));
    let early: Vec<_> = (0..6).map(|_| breaker.permit(&clock).unwrap()).collect();
    let mut early = early.into_iter();
    fail(&breaker, &clock, 5);
    early.next().unwrap().failure();
    assert_eq!(breaker.status(clock.now()).openings, 1);
    clock.advance(secs(30));
    drop(breaker.permit(&clock).unwrap());
    early.next().unwrap().failure();
    early.next().unwrap().success();
    assert_eq!(breaker.state(clock.now()), State::HalfOpen);
    breaker.permit(&clock).unwrap().success();
    early.for_each(steadfast_breaker::Permit::failure);
    assert!(breaker.is_idle(clock.now()), "closed again, and the failures are of the time before");
}

#[test]
fn a_lost_probe_returns_after_its_timeout_and_may_still_tell() {
    let (breaker, clock) = breaker(Rule::new().probes(1).successes(1).probe_timeout(secs(7)));
    fail(&breaker, &clock, 5);
    clock.advance(secs(30));
    let lost: Ticket = breaker.admit(clock.now()).unwrap();
    clock.advance(secs(7) - Duration::from_nanos(1));
    assert!(breaker.admit(clock.now()).is_err());
    clock.advance(Duration::from_nanos(1));
    assert_eq!(breaker.status(clock.now()).probes, 0);
    let second = breaker.admit(clock.now()).unwrap();
    breaker.settle(lost, Outcome::Abandoned, secs(7), clock.now());
    assert!(breaker.admit(clock.now()).is_err(), "the lost probe has no place to give back any more");
    clock.advance(secs(7));
    let third = breaker.admit(clock.now()).unwrap();
    breaker.settle(second, Outcome::Success, secs(7), clock.now());
    assert_eq!(breaker.state(clock.now()), State::Closed, "slow, but a success of this very period");
    breaker.settle(third, Outcome::Failure, secs(0), clock.now());
    assert!(breaker.is_idle(clock.now()));
}

#[test]
fn once_closed_again_it_opens_again() {
    let (breaker, clock) = breaker(Rule::new().failures(2).successes(1));
    for opening in 1..=3 {
        fail(&breaker, &clock, 2);
        assert_eq!(breaker.status(clock.now()).openings, opening);
        clock.advance(secs(30));
        breaker.permit(&clock).unwrap().success();
        assert!(breaker.is_idle(clock.now()));
    }
}

#[test]
fn a_clock_that_steps_back_makes_no_failure_count_longer() {
    let mut machine = Machine::new(Rule::new().failures(4)).unwrap();
    let at = |n| Nanos::ZERO.saturating_add(secs(n));
    for now in [at(1000), at(1001), at(10)] {
        let ticket = machine.admit(now).0.unwrap();
        machine.settle(ticket, Outcome::Failure, secs(0), now);
    }
    assert_eq!(machine.status(at(69)).failures, 3);
    assert_eq!(machine.status(at(70)).failures, 0);
    assert!(machine.is_idle(at(70)));
}

#[test]
fn a_made_up_ticket_does_no_harm() {
    let (breaker, clock) = breaker(Rule::new());
    breaker.settle(Ticket::new(u64::MAX, None), Outcome::Failure, secs(1), clock.now());
    breaker.settle(Ticket::new(7, std::num::NonZeroU64::new(3)), Outcome::Success, secs(1), clock.now());
    assert!(breaker.is_idle(clock.now()));
}

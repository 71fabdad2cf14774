//! A closed breaker around a call that succeeds, on one thread.

use std::hint::black_box;
use std::time::Duration;

use failsafe::{CircuitBreaker as _, Config, backoff, failure_policy};
use recloser::Recloser;
use steadfast_breaker::{Breaker, CircuitBreaker, Outcome, Rule};
use steadfast_clock::{Nanos, System};

use crate::Row;

/// Admit, call, settle: a borrowed permit on the system clock.
pub fn closed_and_ok() -> Row {
    let ours = CircuitBreaker::new(Rule::default()).expect("the default rule works");
    let clock = System::new();
    peers(Row::new("breaker: closed and Ok, permit", move |n| {
        for _ in 0..n {
            let permit = ours.permit(&clock).expect("closed");
            let _ = black_box(call());
            permit.success();
        }
    }))
    .reach(0.2, "recloser")
}

/// The same through the trait, by someone who has read the clock already.
pub fn now_given() -> Row {
    let ours = CircuitBreaker::new(Rule::default()).expect("the default rule works");
    let mut now = 0;
    peers(Row::new("breaker: closed and Ok, `now` given", move |n| {
        for _ in 0..n {
            now += 10;
            let at = Nanos::from_nanos(now);
            let ticket = ours.admit(at).expect("closed");
            let _ = black_box(call());
            ours.settle(ticket, Outcome::Success, Duration::ZERO, at);
        }
    }))
    .reach(0.2, "recloser")
}

fn peers(row: Row) -> Row {
    let recloser = Recloser::custom().build();
    let policy = failure_policy::consecutive_failures(5, backoff::constant(Duration::from_secs(30)));
    let failsafe = Config::new().failure_policy(policy).build();
    row.peer("recloser", move |n| {
        for _ in 0..n {
            assert!(black_box(recloser.call(call)).is_ok());
        }
    })
    .peer("failsafe", move |n| {
        for _ in 0..n {
            assert!(black_box(failsafe.call(call)).is_ok());
        }
    })
}

fn call() -> Result<u64, u64> {
    black_box(Ok(1))
}

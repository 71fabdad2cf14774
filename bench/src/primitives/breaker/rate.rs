//! The rule on a share of the calls within a window of time, on a clock that is read more often than it moves.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use failsafe::{CircuitBreaker as _, Config, backoff, failure_policy};
use steadfast_breaker::{CircuitBreaker, Rate, Rule};
use steadfast_clock::Coarse;

use super::peers::{OPEN_FOR, failsafe_on_two, tower_resilience};
use super::{Changes, call};
use crate::Row;

const SHORT: Duration = Duration::from_secs(10);
const LONG: Duration = Duration::from_secs(600);

/// On one thread.
pub(super) fn alone() -> Row {
    let policy = failure_policy::success_rate_over_time_window(0.5, 20, SHORT, backoff::constant(OPEN_FOR));
    let failsafe = Config::new().failure_policy(policy).build();
    let row = Row::new("breaker: rate over 10 s, closed and Ok, coarse clock", ours(SHORT)).peer(
        "failsafe (rate window)",
        move |n| {
            for _ in 0..n {
                assert!(black_box(&failsafe).call(call).is_ok());
            }
        },
    );
    tower_resilience(row).reach(0.15, "failsafe (rate window)")
}

/// On two threads that share the breaker, against a peer that only counts failures in a row.
pub(super) fn on_two() -> Row {
    let (shared, clock) = (Arc::new(breaker(SHORT)), Coarse::start(TICK).expect("a thread to be had"));
    let row = Row::on_two("breaker: rate over 10 s, closed and Ok, coarse clock, 2 threads", || {
        let (ours, clock) = (Arc::clone(&shared), clock.clone());
        move |n| {
            for _ in 0..n {
                let permit = black_box(&ours).permit(&clock).expect("closed");
                assert!(call().is_ok());
                permit.success();
            }
        }
    });
    failsafe_on_two(row).reach(0.2, "failsafe")
}

/// A window of ten minutes against our own of ten seconds: the cost of a call does not grow with it.
pub(super) fn flat() -> Row {
    let row = Row::new("breaker: rate over 10 min, closed and Ok, coarse clock", ours(LONG));
    row.floor("over 10 s", ours(SHORT)).reach(1.1, "over 10 s")
}

const TICK: Duration = Duration::from_millis(1);

fn ours(window: Duration) -> impl FnMut(u64) + Send + 'static {
    let (ours, clock) = (breaker(window), Coarse::start(TICK).expect("a thread to be had"));
    move |n| {
        for _ in 0..n {
            let permit = black_box(&ours).permit(&clock).expect("closed");
            assert!(call().is_ok());
            permit.success();
        }
    }
}

fn breaker(window: Duration) -> CircuitBreaker<Changes> {
    let rule = Rule::new().rate(Rate::failures(0.5).over_time(window).min_calls(20)).open_for(OPEN_FOR);
    CircuitBreaker::with_observer(rule, Changes::default()).expect("a rule that works")
}

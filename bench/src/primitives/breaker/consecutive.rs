//! The rule on failures in a row, which needs no time while it is closed.

use std::hint::black_box;
use std::sync::Arc;

use steadfast_breaker::{CircuitBreaker, Rule};
use steadfast_clock::System;

use super::peers::{FAILURES, OPEN_FOR, alone, failsafe_on_two, on_two};
use super::{Changes, call};
use crate::Row;

/// Admit, call, settle: a borrowed permit.
pub(super) fn borrowed() -> Row {
    let (ours, clock) = (breaker(), System::new());
    alone(Row::new("breaker: in a row, closed and Ok", move |n| {
        for _ in 0..n {
            let permit = black_box(&ours).permit(&clock).expect("closed");
            assert!(call().is_ok());
            permit.success();
        }
    }))
    .reach(0.2, "recloser")
}

/// The same on two threads that share the breaker.
pub(super) fn borrowed_on_two() -> Row {
    let ours = Arc::new(breaker());
    let row = Row::on_two("breaker: in a row, closed and Ok, 2 threads", || {
        let (ours, clock) = (Arc::clone(&ours), System::new());
        move |n| {
            for _ in 0..n {
                let permit = black_box(&ours).permit(&clock).expect("closed");
                assert!(call().is_ok());
                permit.success();
            }
        }
    });
    on_two(failsafe_on_two(row)).reach(0.05, "failsafe")
}

/// A permit that can travel to another task.
pub(super) fn owned() -> Row {
    let (ours, clock) = (Arc::new(breaker()), System::new());
    alone(Row::new("breaker: in a row, closed and Ok, owned permit", move |n| {
        for _ in 0..n {
            let permit = black_box(&ours).permit_owned(clock).expect("closed");
            assert!(call().is_ok());
            permit.success();
        }
    }))
    .reach(1.0, "recloser")
}

fn breaker() -> CircuitBreaker<Changes> {
    let rule = Rule::new().consecutive(FAILURES).open_for(OPEN_FOR);
    CircuitBreaker::with_observer(rule, Changes::default()).expect("a rule that works")
}

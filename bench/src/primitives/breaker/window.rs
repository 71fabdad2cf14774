//! The default rule, so many failures within a window.

use std::hint::black_box;
use std::time::Duration;

use steadfast_breaker::{Breaker, CircuitBreaker, Outcome, Rule};
use steadfast_clock::{Nanos, System};

use super::peers::alone;
use super::{Changes, call};
use crate::Row;

/// Admit, call, settle: a borrowed permit on the system clock.
pub(super) fn permit() -> Row {
    let (ours, clock) = (breaker(), System::new());
    alone(Row::new("breaker: default rule, closed and Ok", move |n| {
        for _ in 0..n {
            let permit = black_box(&ours).permit(&clock).expect("closed");
            assert!(call().is_ok());
            permit.success();
        }
    }))
    .reach(0.2, "recloser")
}

/// The same through the trait, by someone who has read the clock already.
pub(super) fn now_given() -> Row {
    let ours = breaker();
    let mut now = 0;
    alone(Row::new("breaker: default rule, closed and Ok, `now` given", move |n| {
        for _ in 0..n {
            now += 10;
            let at = Nanos::from_nanos(now);
            let ticket = black_box(&ours).admit(at).expect("closed");
            assert!(call().is_ok());
            ours.settle(ticket, Outcome::Success, Duration::ZERO, at);
        }
    }))
    .reach(0.2, "recloser")
}

fn breaker() -> CircuitBreaker<Changes> {
    CircuitBreaker::with_observer(Rule::default(), Changes::default()).expect("the default rule works")
}

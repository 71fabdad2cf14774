//! A retry budget: what each success pays into it.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use steadfast_backoff::{Budget, RetryBudget};
use steadfast_clock::{Clock, Coarse};
use tower::retry::budget::{Budget as _, TpsBudget};

use super::Make;
use crate::Row;

pub(super) const ROWS: &[Make] = &[alone, on_two];

/// One deposit.
fn alone() -> Row {
    let (ours, clock) = (RetryBudget::default(), Coarse::start(TICK).expect("a thread to be had"));
    let (tower, throttle) = (TpsBudget::default(), throttle_net::RetryBudget::new(0.2, 10));
    Row::new("budget: deposit", move |n| {
        for _ in 0..n {
            ours.deposit(black_box(clock.now()));
        }
    })
    .peer("tower", move |n| {
        for _ in 0..n {
            black_box(&tower).deposit();
        }
    })
    .peer("throttle-net", move |n| {
        for _ in 0..n {
            black_box(&throttle).deposit();
        }
    })
    .reach(0.15, "tower")
}

/// The same on two threads that share the budget.
fn on_two() -> Row {
    let (ours, clock) = (Arc::new(RetryBudget::default()), Coarse::start(TICK).expect("a thread to be had"));
    let (tower, throttle) = (Arc::new(TpsBudget::default()), Arc::new(throttle_net::RetryBudget::new(0.2, 10)));
    Row::on_two("budget: deposit, 2 threads", || {
        let (ours, clock) = (Arc::clone(&ours), clock.clone());
        move |n| {
            for _ in 0..n {
                ours.deposit(black_box(clock.now()));
            }
        }
    })
    .peer_on_two("tower", || {
        let tower = Arc::clone(&tower);
        move |n| {
            for _ in 0..n {
                tower.deposit();
            }
        }
    })
    .peer_on_two("throttle-net", || {
        let throttle = Arc::clone(&throttle);
        move |n| {
            for _ in 0..n {
                throttle.deposit();
            }
        }
    })
    .reach(0.1, "tower")
}

const TICK: Duration = Duration::from_millis(1);

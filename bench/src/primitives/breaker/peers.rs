//! The peers, as their documentation has them called.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use failsafe::{CircuitBreaker as _, Config, StateMachine, backoff, failure_policy};
use layered::{Execute, Service as _, Stack};
use recloser::Recloser;
use seatbelt::breaker::Breaker;
use seatbelt::{RecoveryInfo, ResilienceContext};
use throttle_net::{CircuitBreaker, Decision, Limiter, Trip};
use tower::Service;
use tower_resilience_circuitbreaker::{CircuitBreakerLayer, SlidingWindowType};

use super::call;
use crate::Row;
use crate::primitives::retry::completed;
use crate::primitives::runtime::runtime;

/// So many failures in a row open a breaker.
pub(super) const FAILURES: u32 = 5;

/// How long it stays open.
pub(super) const OPEN_FOR: Duration = Duration::from_secs(30);

/// Everybody, on one thread.
pub(super) fn alone(row: Row) -> Row {
    let recloser = Recloser::custom().build();
    let failsafe = failsafe();
    let throttle = throttle_net();
    let row = row
        .peer("recloser", move |n| {
            for _ in 0..n {
                assert!(black_box(&recloser).call(call).is_ok());
            }
        })
        .peer("failsafe", move |n| {
            for _ in 0..n {
                assert!(black_box(&failsafe).call(call).is_ok());
            }
        })
        .peer("throttle-net", move |n| {
            for _ in 0..n {
                assert!(black_box(completed(throttle.call(|| ready(call())))).is_ok());
            }
        });
    tower_resilience(seatbelt(row))
}

/// The ones that can be shared by reference, on two threads; failsafe has a row's promise and comes on its own.
pub(super) fn on_two(row: Row) -> Row {
    let recloser = Arc::new(Recloser::custom().build());
    let throttle = Arc::new(throttle_net());
    row.peer_on_two("recloser", || {
        let recloser = Arc::clone(&recloser);
        move |n| {
            for _ in 0..n {
                assert!(black_box(&recloser).call(call).is_ok());
            }
        }
    })
    .peer_on_two("throttle-net", || {
        let throttle = Arc::clone(&throttle);
        move |n| {
            for _ in 0..n {
                assert!(black_box(completed(throttle.call(|| ready(call())))).is_ok());
            }
        }
    })
}

/// failsafe with its rule on failures in a row, on two threads.
pub(super) fn failsafe_on_two(row: Row) -> Row {
    let failsafe = failsafe();
    row.peer_on_two("failsafe", || {
        let failsafe = failsafe.clone();
        move |n| {
            for _ in 0..n {
                assert!(black_box(&failsafe).call(call).is_ok());
            }
        }
    })
}

/// tower-resilience, by its default kind of window: a window of time holds a record per call, and its cost grows with it.
pub(super) fn tower_resilience(row: Row) -> Row {
    let layer = CircuitBreakerLayer::builder()
        .sliding_window_type(SlidingWindowType::CountBased)
        .sliding_window_size(100)
        .failure_rate_threshold(0.5)
        .wait_duration_in_open(OPEN_FOR)
        .build()
        .expect("a breaker that works");
    let mut service = layer.layer_fn(Operation);
    row.peer("tower-resilience-circuitbreaker (100 calls)", move |n| {
        for _ in 0..n {
            assert!(
                black_box(completed(async {
                    std::future::poll_fn(|cx| Service::<()>::poll_ready(&mut service, cx)).await?;
                    service.call(()).await
                }))
                .is_ok()
            );
        }
    })
}

/// seatbelt, whose rule is a rate over a window of time.
fn seatbelt(row: Row) -> Row {
    let entered = runtime().enter();
    let context = ResilienceContext::new(tick::Clock::new_tokio());
    let stack = (
        Breaker::layer("bench", &context)
            .recovery_with(|result: &Result<u64, u64>, _| match result {
                Ok(_) => RecoveryInfo::never(),
                Err(_) => RecoveryInfo::retry(),
            })
            .rejected_input_error(|(), _| 0),
        Execute::new(|()| ready(call())),
    );
    let service = stack.into_service();
    drop(entered);
    row.peer("seatbelt", move |n| {
        let _entered = runtime().enter();
        for _ in 0..n {
            assert!(black_box(completed(service.execute(()))).is_ok());
        }
    })
}

fn failsafe() -> StateMachine<failure_policy::ConsecutiveFailures<backoff::Constant>, ()> {
    let policy = failure_policy::consecutive_failures(FAILURES, backoff::constant(OPEN_FOR));
    Config::new().failure_policy(policy).build()
}

fn throttle_net() -> CircuitBreaker<Unlimited> {
    CircuitBreaker::builder().trip(Trip::Consecutive(FAILURES)).cooldown(OPEN_FOR).build(Unlimited)
}

/// throttle-net's breaker has a limiter inside; this one costs nothing.
struct Unlimited;

impl Limiter for Unlimited {
    fn peek(&self, _cost: u32) -> Decision {
        Decision::Acquired
    }

    fn acquire_cost(&self, _cost: u32) -> Decision {
        Decision::Acquired
    }

    fn available(&self) -> u32 {
        u32::MAX
    }

    fn capacity(&self) -> u32 {
        u32::MAX
    }
}

/// The call as a service.
#[derive(Clone)]
struct Operation;

impl Service<()> for Operation {
    type Response = u64;
    type Error = Infallible;
    type Future = Ready<Result<u64, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        ready(Ok(call().unwrap_or(0)))
    }
}

//! Guards: what happens to a probe whose call is cancelled, panics or moves away.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use steadfast_breaker::{CircuitBreaker, Outcome, Rule, State};
use steadfast_clock::{Clock, ManualClock, SharedTimer, shared};

/// A half-open breaker with one place for a probe.
fn half_open(clock: &ManualClock) -> Arc<CircuitBreaker> {
    let breaker = CircuitBreaker::new(Rule::new().failures(1).probes(1).successes(1)).unwrap();
    breaker.permit(clock).unwrap().failure();
    clock.advance(Duration::from_secs(30));
    Arc::new(breaker)
}

#[test]
fn a_panicking_call_frees_its_probe() {
    let clock = ManualClock::new();
    let breaker = half_open(&clock);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let permit = breaker.permit(&clock).unwrap();
        assert!(!permit.is_probe(), "fails on purpose");
        permit.success();
    }));
    assert!(panicked.is_err());
    assert_eq!(breaker.status(clock.now()).probes, 0);
    breaker.permit(&clock).unwrap().success();
    assert_eq!(breaker.state(clock.now()), State::Closed);
}

#[tokio::test]
async fn a_cancelled_task_frees_its_probe() {
    let clock = ManualClock::new();
    let breaker = half_open(&clock);
    let permit = breaker.permit_owned(clock.clone()).unwrap();
    assert!(breaker.permit_owned(clock.clone()).is_err());
    let task = tokio::spawn(async move {
        pending::<()>().await;
        permit.success();
    });
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(breaker.status(clock.now()).probes, 0);
    assert!(breaker.permit_owned(clock.clone()).is_ok());
}

#[test]
fn owned_permits_settle_like_borrowed_ones() {
    let clock = ManualClock::new();
    let timer: SharedTimer = shared(clock.clone());
    let breaker = half_open(&clock);
    breaker.permit_owned(Arc::clone(&timer)).unwrap().ignored();
    breaker.permit_owned(Arc::clone(&timer)).unwrap().failure();
    assert_eq!(breaker.state(clock.now()), State::Open);
    clock.advance(Duration::from_secs(30));
    let permit = breaker.permit_owned(timer).unwrap();
    assert_eq!(permit.started(), Some(clock.now()), "a probe");
    permit.settle(Outcome::Success);
    assert_eq!(breaker.state(clock.now()), State::Closed);
}

#[test]
fn debug_shows_the_state() {
    let clock = ManualClock::new();
    let breaker = half_open(&clock);
    assert!(format!("{breaker:?}").contains("Open"));
    assert!(format!("{:?}", breaker.permit(&clock).unwrap()).contains("probe: true"));
    assert!(format!("{:?}", breaker.permit_owned(clock).unwrap()).contains("OwnedPermit"));
}

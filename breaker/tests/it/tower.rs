//! The tower layer: rejects in `call`, keeps the permit in the response, lets the inner service set the pace.

use std::convert::Infallible;
use std::future::{Ready, pending, ready};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use steadfast_breaker::tower::BreakerLayer;
use steadfast_breaker::{CallError, CircuitBreaker, Outcome, Rule, State};
use steadfast_clock::{Clock, ManualClock};
use tower::{Layer, Service, ServiceExt, service_fn};

fn breaker() -> (Arc<CircuitBreaker>, ManualClock) {
    (Arc::new(CircuitBreaker::new(Rule::new().failures(2).probes(1).successes(1)).unwrap()), ManualClock::new())
}

#[tokio::test]
async fn results_are_counted_and_an_open_breaker_rejects_in_call() {
    let (breaker, clock) = breaker();
    let layer = BreakerLayer::new(Arc::clone(&breaker), clock.clone());
    let mut service = layer.layer(service_fn(|good: bool| ready(if good { Ok(1) } else { Err("no") })));
    assert_eq!(service.ready().await.unwrap().call(true).await, Ok(1));
    for _ in 0..2 {
        assert_eq!(service.ready().await.unwrap().call(false).await, Err(CallError::Failed("no")));
    }
    assert_eq!(breaker.state(clock.now()), State::Open);
    let rejected = service.ready().await.expect("ready all the same").call(true);
    assert!(format!("{rejected:?}").contains("Open"));
    assert!(matches!(rejected.await, Err(CallError::Rejected(_))));
    clock.advance(Duration::from_secs(30));
    assert_eq!(service.clone().oneshot(true).await, Ok(1));
    assert_eq!(breaker.state(clock.now()), State::Closed);
    assert!(Arc::ptr_eq(service.breaker(), &breaker));
}

#[tokio::test]
async fn a_classifier_says_what_a_response_means() {
    let (breaker, clock) = breaker();
    let by_status = |result: &Result<u16, Infallible>| match result {
        Ok(500..) => Outcome::Failure,
        _ => Outcome::Success,
    };
    let layer = BreakerLayer::new(Arc::clone(&breaker), clock.clone()).classify(by_status);
    let service = layer.clone().layer(service_fn(|status: u16| ready(Ok(status))));
    for _ in 0..2 {
        assert_eq!(service.clone().oneshot(503).await, Ok(503));
    }
    assert_eq!(breaker.state(clock.now()), State::Open);
    assert!(format!("{layer:?}").contains("Open"));
}

#[tokio::test]
async fn a_response_that_is_dropped_abandons_its_call() {
    let (breaker, clock) = breaker();
    breaker.permit(&clock).unwrap().failure();
    breaker.permit(&clock).unwrap().failure();
    clock.advance(Duration::from_secs(30));
    let layer = BreakerLayer::new(Arc::clone(&breaker), clock.clone());
    let mut service = layer.layer(service_fn(|(): ()| pending::<Result<(), Infallible>>()));
    let response = service.ready().await.unwrap().call(());
    assert!(format!("{response:?}").contains("probe: true"));
    assert_eq!(breaker.status(clock.now()).probes, 1);
    drop(response);
    assert_eq!(breaker.status(clock.now()).probes, 0);
}

/// Ready only after it was polled twice; its clones start over.
struct Paced(u32);

impl Clone for Paced {
    fn clone(&self) -> Self {
        Self(0)
    }
}

impl Service<()> for Paced {
    type Response = ();
    type Error = &'static str;
    type Future = Ready<Result<(), &'static str>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0 += 1;
        match self.0 {
            1 => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            2 => Poll::Ready(Ok(())),
            _ => Poll::Ready(Err("polled too often")),
        }
    }

    fn call(&mut self, (): ()) -> Self::Future {
        ready(if self.0 == 2 { Ok(()) } else { Err("called before it was ready") })
    }
}

#[tokio::test]
async fn the_instance_that_was_polled_ready_is_called() {
    let (breaker, clock) = breaker();
    let mut service = BreakerLayer::new(breaker, clock).layer(Paced(0));
    assert_eq!(service.ready().await.unwrap().call(()).await, Ok(()));
    assert_eq!(service.ready().await.err(), Some(CallError::Failed("polled too often")));
}

//! Calls in one piece, sync and async.

use std::cell::Cell;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use steadfast_breaker::{CallError, CircuitBreaker, Outcome, Rejected, Rule, State};
use steadfast_clock::{Clock, ManualClock};

const RULE: Rule = Rule::new().failures(2).probes(1).successes(1);

#[test]
fn results_are_handed_on_and_counted() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::new(RULE).unwrap();
    assert_eq!(breaker.call(&clock, || Ok::<_, &str>(7)), Ok(7));
    for _ in 0..2 {
        assert_eq!(breaker.call(&clock, || Err::<u8, _>("no")), Err(CallError::Failed("no")));
    }
    let called = Cell::new(false);
    let rejected = breaker.call(&clock, || {
        called.set(true);
        Ok::<u8, &str>(1)
    });
    let reason = Rejected::new(State::Open, Some(Duration::from_secs(30)));
    assert_eq!(rejected, Err(CallError::Rejected(reason)));
    assert!(!called.get());
}

#[test]
fn a_classifier_says_what_a_result_means() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::new(RULE).unwrap();
    let by_status = |result: &Result<u16, &str>| match result {
        Ok(500..) => Outcome::Failure,
        Ok(_) => Outcome::Success,
        Err(_) => Outcome::Ignored,
    };
    for _ in 0..10 {
        assert!(breaker.call_with(&clock, by_status, || Err("mine")).is_err());
    }
    assert!(breaker.is_idle(clock.now()));
    for _ in 0..2 {
        assert_eq!(breaker.call_with(&clock, by_status, || Ok(503)), Ok(503));
    }
    assert_eq!(breaker.state(clock.now()), State::Open);
}

#[test]
fn a_panic_abandons_the_call() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::new(RULE.failures(1)).unwrap();
    assert!(breaker.call(&clock, || Err::<(), _>("no")).is_err());
    clock.advance(Duration::from_secs(30));
    let panicked =
        catch_unwind(AssertUnwindSafe(|| breaker.call(&clock, || -> Result<(), ()> { panic!("fails on purpose") })));
    assert!(panicked.is_err());
    assert_eq!(breaker.status(clock.now()).probes, 0);
    assert_eq!(breaker.call(&clock, || Ok::<_, ()>(1)), Ok(1));
    assert_eq!(breaker.state(clock.now()), State::Closed);
}

#[tokio::test]
async fn a_dropped_future_abandons_the_call() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::new(RULE.failures(1)).unwrap();
    assert_eq!(breaker.call_async(&clock, async { Err::<(), _>("no") }).await, Err(CallError::Failed("no")));
    clock.advance(Duration::from_secs(30));
    {
        let mut probe = std::pin::pin!(breaker.call_async(&clock, pending::<Result<(), ()>>()));
        assert!(futures_poll(probe.as_mut()).await);
        assert_eq!(breaker.status(clock.now()).probes, 1);
    }
    assert_eq!(breaker.status(clock.now()).probes, 0);
    let ignored = breaker.call_async_with(&clock, |_| Outcome::Ignored, async { Ok::<_, ()>(1) }).await;
    assert_eq!((ignored, breaker.status(clock.now()).successes), (Ok(1), 0));
    assert_eq!(breaker.call_async(&clock, async { Ok::<_, ()>(2) }).await, Ok(2));
    assert_eq!(breaker.state(clock.now()), State::Closed);
}

/// Polls once; whether it is still pending.
async fn futures_poll<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
    std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

#[test]
fn call_errors_tell_themselves_and_their_source() {
    use std::error::Error;
    let rejected: CallError<std::num::ParseIntError> = CallError::Rejected(Rejected::new(State::Open, None));
    assert_eq!(rejected.to_string(), "circuit breaker is open");
    assert!(rejected.source().is_none());
    let error = "x".parse::<u8>().unwrap_err();
    assert_eq!(CallError::Failed(error.clone()).to_string(), error.to_string());
}

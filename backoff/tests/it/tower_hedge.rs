//! Hedging as `tower` middleware: readiness, clones, winners.

use std::convert::Infallible;
use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use steadfast_backoff::tower::HedgeLayer;
use steadfast_backoff::{RetryBudget, Verdict};
use steadfast_clock::{Clock, ManualClock, Timer};
use tower::{Layer, Service, ServiceExt};

use crate::drive;

const DELAY: Duration = Duration::from_millis(50);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape of a classifier")]
fn judge(result: &Result<u32, Infallible>) -> Verdict {
    if matches!(result, Ok(503)) { Verdict::retry() } else { Verdict::Done }
}

/// Request number n takes and answers what a script says; a clone is not ready until it was asked twice.
struct Scripted {
    clock: ManualClock,
    steps: &'static [(u64, u32)],
    sent: Arc<AtomicU32>,
    asked: u32,
}

impl Scripted {
    fn new(steps: &'static [(u64, u32)]) -> Self {
        Self { clock: ManualClock::new(), steps, sent: Arc::default(), asked: 0 }
    }
}

impl Clone for Scripted {
    fn clone(&self) -> Self {
        Self { clock: self.clock.clone(), steps: self.steps, sent: Arc::clone(&self.sent), asked: 0 }
    }
}

impl Service<&'static str> for Scripted {
    type Response = u32;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<u32, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.asked += 1;
        if self.asked >= 2 {
            return Poll::Ready(Ok(()));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn call(&mut self, request: &'static str) -> Self::Future {
        assert_eq!(request, "ping");
        assert!(self.asked >= 2, "called without being ready");
        self.asked = 0;
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let (busy, answer) = self.steps[number as usize];
        let sleep = self.clock.sleep_until(self.clock.now().saturating_add(Duration::from_millis(busy)));
        Box::pin(async move {
            sleep.await;
            Ok(answer)
        })
    }
}

type Judge = fn(&Result<u32, Infallible>) -> Verdict;

fn layer(clock: &ManualClock) -> HedgeLayer<Duration, Judge, ManualClock> {
    HedgeLayer::new(DELAY, clock.clone(), judge)
}

/// Polls again where the service only asked to be polled again, and moves the clock otherwise.
fn answer(clock: &ManualClock, layer: &HedgeLayer<Duration, Judge, ManualClock>, service: Scripted) -> u32 {
    let call = layer.layer(service).oneshot("ping");
    let mut call = Box::pin(call);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    for _ in 0..100 {
        for _ in 0..3 {
            if let Poll::Ready(answer) = call.as_mut().poll(&mut cx) {
                return answer.unwrap();
            }
        }
        clock.advance_to_next().expect("pending, and nothing sleeps");
    }
    unreachable!("the scripts are short")
}

/// What a script answers, and how many requests it takes.
fn check(attempts: u32, steps: &'static [(u64, u32)], expected: (u32, u32)) {
    let service = Scripted::new(steps);
    let clock = service.clock.clone();
    let sent = Arc::clone(&service.sent);
    let layer = layer(&clock).attempts(NonZeroU32::new(attempts).unwrap());
    let found = answer(&clock, &layer, service);
    assert_eq!((found, sent.load(Ordering::Relaxed)), expected, "{steps:?}");
    assert_eq!(clock.waiting(), 0, "losers are dropped");
}

#[test]
fn the_first_good_answer_wins() {
    check(2, &[(10, 1), (1, 2)], (1, 1));
    check(2, &[(900, 1), (20, 2)], (2, 2));
    check(3, &[(900, 1), (900, 2), (5, 3)], (3, 3));
    check(2, &[(900, 1), (20, 503)], (1, 2));
    check(2, &[(60, 503), (20, 503)], (503, 2));
    check(1, &[(900, 1)], (1, 1));
}

#[test]
fn hedges_are_taken_from_the_budget() {
    let budget = Arc::new(RetryBudget::builder().floor(0.0).reserve(1).build().unwrap());
    for sent in [2, 1] {
        let service = Scripted::new(&[(900, 1), (900, 2)]);
        let (clock, counted) = (service.clock.clone(), Arc::clone(&service.sent));
        let layer = layer(&clock).budget(Arc::clone(&budget)).cost(1);
        assert_eq!(answer(&clock, &layer, service), 1);
        assert_eq!(counted.load(Ordering::Relaxed), sent);
    }
    assert_eq!((budget.granted(), budget.refused(), budget.deposits()), (1, 1, 2));
}

#[test]
fn the_future_is_send_and_debug() {
    fn check<T: Send + std::fmt::Debug>(_: &T) {}
    let clock = ManualClock::new();
    let ready = tower::service_fn(|n: u32| std::future::ready(Ok::<_, Infallible>(n)));
    let mut service = layer(&clock).layer(ready);
    let call = service.call(7);
    check(&call);
    assert!(format!("{:?}", layer(&clock)).contains("attempts: 2"));
    assert_eq!(drive(&clock, call), Ok(7));
}

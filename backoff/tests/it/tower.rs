//! The tower layer.

use std::future::{Future, Ready, pending, ready};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use steadfast_backoff::tower::{ResponseFuture, Retry, RetryLayer};
use steadfast_backoff::{Exponential, Policy, StatusSet, Verdict};
use steadfast_clock::{Clock, ManualClock};
use tower::{Layer, Service, ServiceExt};

use crate::drive;
use crate::machine::Purse;

const SEC: Duration = Duration::from_secs(1);

type Answer = Result<u16, &'static str>;

/// What all clones of a device share.
#[derive(Default)]
struct Shared {
    answers: Mutex<Vec<Answer>>,
    /// The requests, in order.
    asked: Mutex<Vec<&'static str>>,
    /// How often the device is not ready before it is.
    busy: AtomicU32,
    /// Whether it breaks instead of becoming ready.
    broken: AtomicU32,
}

/// A service that answers by a script and insists on being found ready before each call, each instance anew.
#[derive(Default)]
struct Device {
    shared: Arc<Shared>,
    ready: bool,
}

impl Clone for Device {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), ready: false }
    }
}

impl Device {
    fn of(mut answers: Vec<Answer>) -> Self {
        answers.reverse();
        Self { shared: Arc::new(Shared { answers: Mutex::new(answers), ..Shared::default() }), ready: false }
    }

    fn asked(&self) -> usize {
        self.shared.asked.lock().unwrap().len()
    }
}

impl Service<&'static str> for Device {
    type Response = u16;
    type Error = &'static str;
    type Future = Ready<Answer>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        if self.shared.broken.load(Ordering::Relaxed) > 0 && self.asked() > 0 {
            return Poll::Ready(Err("broken"));
        }
        let less = |left: u32| left.checked_sub(1);
        if self.shared.busy.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: &'static str) -> Ready<Answer> {
        assert!(std::mem::take(&mut self.ready), "called without having been found ready");
        self.shared.asked.lock().unwrap().push(request);
        ready(self.shared.answers.lock().unwrap().pop().unwrap_or(Err("out of answers")))
    }
}

fn judge(answer: &Answer) -> Verdict {
    match answer {
        Ok(429) => Verdict::retry_after(7 * SEC),
        Ok(status) => StatusSet::STANDARD.verdict(*status, None),
        Err(error) if *error == "forbidden" => Verdict::Fatal,
        Err(_) => Verdict::retry(),
    }
}

type Judge = fn(&Answer) -> Verdict;

fn layer(clock: &ManualClock) -> RetryLayer<Judge, ManualClock> {
    RetryLayer::with_entropy(Policy::delivery(), clock.clone(), judge as Judge, || 0)
}

/// One request through the layer: the answer, and how long it took.
fn ask(
    device: &Device,
    layer: impl FnOnce(RetryLayer<Judge, ManualClock>) -> RetryLayer<Judge, ManualClock>,
    clock: &ManualClock,
) -> (Answer, Duration) {
    let start = clock.now();
    let mut service = layer(self::layer(clock)).layer(device.clone());
    let answer = drive(clock, async {
        // A device that is not ready wakes its task; the clock stands meanwhile.
        let ready = service.ready().await?;
        ready.call("/update").await
    });
    (answer, clock.now().since(start))
}

#[test]
fn requests_are_retried_until_an_answer_stands() {
    let clock = ManualClock::new();
    let device = Device::of(vec![Ok(503), Err("reset"), Ok(200)]);
    assert_eq!(ask(&device, |layer| layer, &clock), (Ok(200), 3 * SEC));
    assert_eq!(*device.shared.asked.lock().unwrap(), ["/update"; 3]);
}

#[test]
fn the_last_answer_and_the_services_own_errors_are_handed_on() {
    let clock = ManualClock::new();
    assert_eq!(ask(&Device::of(vec![Ok(503); 9]), |layer| layer, &clock), (Ok(503), 3 * SEC));
    assert_eq!(ask(&Device::of(vec![Err("reset"); 9]), |layer| layer, &clock), (Err("reset"), 3 * SEC));
    assert_eq!(ask(&Device::of(vec![Err("forbidden")]), |layer| layer, &clock), (Err("forbidden"), Duration::ZERO));
}

#[test]
fn hints_limits_and_budgets_hold() {
    let clock = ManualClock::new();
    assert_eq!(ask(&Device::of(vec![Ok(429), Ok(200)]), |layer| layer, &clock), (Ok(200), 7 * SEC));
    let short = ask(&Device::of(vec![Ok(503); 9]), |layer| layer.total_limit(3 * SEC), &clock);
    assert_eq!(short, (Ok(503), SEC));
    let purse = Arc::new(Purse::of(1));
    let spent = ask(&Device::of(vec![Ok(503); 9]), |layer| layer.budget(Arc::clone(&purse)), &clock);
    assert_eq!((spent, purse.deposits.load(Ordering::Relaxed)), ((Ok(503), SEC), 0));
    assert_eq!(ask(&Device::of(vec![Ok(200)]), |layer| layer.budget(Arc::clone(&purse)), &clock).0, Ok(200));
    assert_eq!(purse.deposits.load(Ordering::Relaxed), 1);
}

#[test]
fn a_retry_waits_until_the_service_is_ready_and_hears_of_it_when_it_breaks() {
    let clock = ManualClock::new();
    let device = Device::of(vec![Ok(503), Ok(200)]);
    let mut service = layer(&clock).layer(device.clone());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_ready());
    let mut call = pin!(service.call("/update"));
    assert!(call.as_mut().poll(&mut cx).is_pending());
    assert_eq!(clock.waiting(), 1);
    device.shared.busy.store(2, Ordering::Relaxed);
    clock.advance(SEC);
    assert!(call.as_mut().poll(&mut cx).is_pending());
    assert!(format!("{call:?}").contains("ready"), "{call:?}");
    assert!(call.as_mut().poll(&mut cx).is_pending());
    assert_eq!(call.as_mut().poll(&mut cx), Poll::Ready(Ok(200)));

    let device = Device::of(vec![Ok(503); 9]);
    device.shared.broken.store(1, Ordering::Relaxed);
    assert_eq!(ask(&device, |layer| layer, &clock), (Err("broken"), SEC));
    assert_eq!(device.asked(), 1);
}

#[test]
fn readiness_is_the_services_own() {
    let clock = ManualClock::new();
    let device = Device::of(vec![Ok(200)]);
    device.shared.busy.store(1, Ordering::Relaxed);
    let mut service = layer(&clock).layer(device);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_pending());
    assert!(service.poll_ready(&mut cx).is_ready());
    assert_eq!(service.inner().asked(), 0);
}

#[test]
fn a_dropped_response_drops_its_wait() {
    let clock = ManualClock::new();
    let mut service = layer(&clock).layer(Device::of(vec![Ok(503); 9]));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_ready());
    let mut call = Box::pin(service.call("/update"));
    assert!(call.as_mut().poll(&mut cx).is_pending());
    assert_eq!(clock.waiting(), 1);
    drop(call);
    assert_eq!(clock.waiting(), 0);
}

#[test]
fn layer_service_and_response_can_be_sent_and_shown() {
    fn handle<T: Send + Sync + std::fmt::Debug>(_: &T) {}
    let clock = ManualClock::new();
    #[derive(Clone, Debug)]
    struct Hangs;
    impl Service<u8> for Hangs {
        type Response = ();
        type Error = ();
        type Future = std::future::Pending<Result<(), ()>>;
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
            Poll::Ready(Ok(()))
        }
        fn call(&mut self, _: u8) -> Self::Future {
            pending()
        }
    }
    let layer = RetryLayer::with_entropy(Policy::http(), clock, |_: &Result<(), ()>| Verdict::Done, || 0);
    handle(&layer);
    let mut service: Retry<_, _, _, Exponential> = layer.layer(Hangs);
    handle(&service);
    let response: ResponseFuture<Hangs, u8, _, _, _> = service.call(1);
    handle(&response);
}

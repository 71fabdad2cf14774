//! Limited tower services.

use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::ManualClock;
use steadfast_ratelimit::tower::{Error, RateLimitLayer};
use steadfast_ratelimit::{Denied, Quota, RateLimiter};
use tower::{Layer, Service, ServiceExt, service_fn};

type Limited = Error<&'static str>;

async fn answer(n: u32) -> Result<u32, &'static str> {
    if n == 13 { Err("unlucky") } else { Ok(n + 1) }
}

fn limiter(burst: u64) -> (Arc<RateLimiter<ManualClock>>, ManualClock) {
    let clock = ManualClock::new();
    let quota = Quota::per_second(10).unwrap().burst(burst).unwrap();
    (Arc::new(RateLimiter::with_clock(quota, clock.clone())), clock)
}

#[tokio::test]
async fn it_refuses_in_call_what_comes_too_often() {
    let (limiter, clock) = limiter(2);
    let mut service = RateLimitLayer::new(limiter, clock.clone()).layer(service_fn(answer));
    assert_eq!(service.ready().await.unwrap().call(1).await, Ok(2));
    assert_eq!(service.clone().ready().await.unwrap().call(13).await, Err(Error::Inner("unlucky")));
    let denied = Denied::new("rate", Some(Duration::from_millis(100)), 2);
    let refused = service.ready().await.unwrap().call(1).await.unwrap_err();
    assert_eq!(refused, Error::Limited(denied));
    assert_eq!(refused.denied(), Some(&denied));
    assert_eq!(refused.to_string(), denied.to_string());
    clock.advance(Duration::from_millis(100));
    assert_eq!(service.ready().await.unwrap().call(1).await, Ok(2));
}

#[test]
fn errors_tell_what_the_inner_one_tells() {
    let error: Limited = Error::Inner("unlucky");
    assert_eq!((error.to_string().as_str(), error.denied()), ("unlucky", None));
    let unreadable = Error::Inner(std::io::Error::other(std::fmt::Error));
    assert_eq!(unreadable.to_string(), std::fmt::Error.to_string());
    assert!(std::error::Error::source(&unreadable).is_none(), "what it tells is not told again as its source");
}

#[cfg(feature = "tokio")]
mod waiting {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::{Context, Poll};

    use steadfast_clock::{Clock, TokioTimer};
    use steadfast_ratelimit::tower::WaitLayer;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_wait_in_line_and_what_cannot_be_in_time_is_refused_at_once() {
        let timer = TokioTimer::new();
        let limiter = Arc::new(RateLimiter::new(Quota::per_second(10).unwrap()));
        let layer = WaitLayer::new(limiter, timer).at_most(Duration::from_millis(250));
        let mut service = layer.layer(service_fn(answer));
        let start = timer.now();
        let mut calls: Vec<_> = Vec::new();
        for _ in 0..4 {
            calls.push(tokio::spawn(service.ready().await.unwrap().call(1)));
        }
        let mut answers = Vec::new();
        for call in calls {
            answers.push((call.await.unwrap().is_ok(), timer.now().since(start).as_millis()));
        }
        assert_eq!(answers, [(true, 0), (true, 100), (true, 200), (false, 200)]);
    }

    /// Counts the calls of instances that were not polled ready.
    #[derive(Clone)]
    struct Picky {
        ready: bool,
        unready: Arc<AtomicU32>,
    }

    impl Service<()> for Picky {
        type Response = ();
        type Error = &'static str;
        type Future = std::future::Ready<Result<(), &'static str>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            self.ready = true;
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, (): ()) -> Self::Future {
            self.unready.fetch_add(u32::from(!self.ready), Ordering::Relaxed);
            self.ready = false;
            std::future::ready(Ok(()))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_instance_that_was_ready_is_the_one_that_is_called() {
        let unready = Arc::new(AtomicU32::new(0));
        let limiter = Arc::new(RateLimiter::new(Quota::per_second(10).unwrap()));
        let layer = WaitLayer::new(limiter, TokioTimer::new());
        let mut service = layer.layer(Picky { ready: false, unready: Arc::clone(&unready) });
        for _ in 0..3 {
            let first = service.ready().await.unwrap().call(());
            let second = service.ready().await.unwrap().call(());
            assert!(first.await.is_ok() && second.await.is_ok());
        }
        assert_eq!(unready.load(Ordering::Relaxed), 0);
    }
}

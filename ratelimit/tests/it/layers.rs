//! Tower services behind keyed and concurrency limits.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::ManualClock;
use steadfast_ratelimit::tower::{ConcurrencyError, ConcurrencyLayer, Error, KeyedLayer};
use steadfast_ratelimit::{Busy, Concurrency, Denied, Keyed, Quota};
use tower::{Layer, Service, ServiceExt, service_fn};

async fn answer(n: u32) -> Result<u32, &'static str> {
    tokio::task::yield_now().await;
    if n == 13 { Err("unlucky") } else { Ok(n + 1) }
}

#[tokio::test]
async fn at_most_so_many_at_once() {
    let limit = Arc::new(Concurrency::new(NonZeroU32::new(2).unwrap()));
    let layer = ConcurrencyLayer::new(Arc::clone(&limit));
    let (mut one, mut other) = (layer.layer(service_fn(answer)), layer.layer(service_fn(answer)));
    let first = one.ready().await.unwrap().call(1);
    let second = other.ready().await.unwrap().call(13);
    let refused = one.ready().await.unwrap().call(1).await.unwrap_err();
    assert_eq!(refused, ConcurrencyError::Busy(Busy::new(2, 2, 0)));
    assert_eq!(refused.to_string(), "2 in flight, limit 2");
    assert_eq!(second.await, Err(ConcurrencyError::Inner("unlucky")));
    assert_eq!(limit.in_flight(), 1);
    drop(first);
    assert_eq!(limit.in_flight(), 0, "cancelled");
    assert_eq!(one.ready().await.unwrap().call(1).await, Ok(2));
}

#[tokio::test]
async fn a_permit_ends_with_the_response() {
    let limit = Arc::new(Concurrency::new(NonZeroU32::MIN));
    let mut service = ConcurrencyLayer::new(Arc::clone(&limit)).layer(service_fn(answer));
    let mut kept = Box::pin(service.ready().await.unwrap().call(1));
    assert_eq!(kept.as_mut().await, Ok(2));
    assert_eq!(limit.in_flight(), 0);
}

#[tokio::test]
async fn each_key_has_its_own_limit() {
    let clock = ManualClock::new();
    let keyed = Arc::new(Keyed::<u32>::with_capacity(Quota::per_second(10).unwrap(), 100).named("digit"));
    let mut service = KeyedLayer::new(keyed, clock.clone(), |n: &u32| n % 10).clone().layer(service_fn(answer));
    assert_eq!(service.ready().await.unwrap().call(1).await, Ok(2));
    let denied = Denied::new("digit", Some(Duration::from_millis(100)), 1);
    assert_eq!(service.clone().ready().await.unwrap().call(11).await, Err(Error::Limited(denied)));
    assert_eq!(service.ready().await.unwrap().call(13).await, Err(Error::Inner("unlucky")));
    clock.advance(Duration::from_millis(100));
    assert_eq!(service.ready().await.unwrap().call(11).await, Ok(12));
}

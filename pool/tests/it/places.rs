//! How many calls to a host there may be at once.

use std::num::NonZeroU32;
use std::time::Duration;

use steadfast_clock::Clock;
use steadfast_pool::{CallContext, ErrorKind, HostConfig, Request};

use crate::held::Held;
use crate::rig::{let_time_pass, rig};

fn get() -> Request {
    Request::get("http://host/").unwrap()
}

fn two() -> HostConfig {
    HostConfig::new().concurrency(NonZeroU32::new(2).unwrap())
}

#[tokio::test]
async fn a_place_is_free_again_when_the_body_has_ended_or_was_dropped() {
    let transport = Held::new();
    let rig = rig(|pool| pool.transport(transport.clone()).host("host", two()));
    transport.heads.add_permits(4);
    let mut first = rig.pool.stream(get()).await.unwrap();
    let second = rig.pool.stream(get()).await.unwrap();
    let pool = rig.pool.clone();
    let third = tokio::spawn(async move { pool.stream(get()).await });
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert!(!third.is_finished());
    // Another host has places of its own.
    let elsewhere = rig.pool.stream(Request::get("http://other/").unwrap()).await.unwrap();
    drop((second, elsewhere));
    let third = third.await.unwrap().unwrap();
    transport.ends.add_permits(1);
    assert_eq!(first.chunk().await.unwrap(), None);
    transport.heads.add_permits(1);
    drop(rig.pool.stream(get()).await.unwrap());
    drop(third);
    assert_eq!((transport.under_way(), rig.pool.metrics().limit_wait.count), (0, 1));
}

#[tokio::test]
async fn who_finds_no_place_before_the_deadline_is_told_so() {
    let transport = Held::new();
    let rig = rig(|pool| pool.transport(transport.clone()).host("host", two()));
    transport.heads.add_permits(2);
    let held = (rig.pool.stream(get()).await.unwrap(), rig.pool.stream(get()).await.unwrap());
    let context = CallContext::new().deadline(rig.clock.now().saturating_add(Duration::from_secs(5)));
    let pool = rig.pool.clone();
    let call = tokio::spawn(async move { pool.execute(get().context(context)).await });
    let_time_pass(&rig.clock, Duration::from_secs(5)).await;
    let error = call.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.kind().as_str()), (ErrorKind::Busy, "busy"));
    assert!(error.to_string().contains("no place among the calls under way in time: 2 in flight, limit 2"), "{error}");
    assert!(error.is_retryable() && error.attempts().is_empty());
    drop(held);
}

#[tokio::test]
async fn nobody_waits_for_a_host_whose_breaker_is_open() {
    let transport = crate::rig::Told::new((0..5).map(|_| crate::rig::status(500)));
    let rig = rig(|pool| pool.transport(transport.clone()).host("host", HostConfig::new().per_minute(60).unwrap()));
    for n in 0..5 {
        rig.clock.advance(Duration::from_secs(u64::from(n > 0)));
        rig.pool.execute(get()).await.unwrap();
    }
    // No time has passed: the rate has no place, and the answer comes at once all the same.
    let error = rig.pool.execute(get()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BreakerOpen);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
}

#[tokio::test]
async fn the_limit_can_be_raised_while_somebody_waits() {
    let transport = Held::new();
    let one = HostConfig::new().concurrency(NonZeroU32::MIN);
    let rig = rig(|pool| pool.transport(transport.clone()).host("host", one));
    transport.heads.add_permits(2);
    let first = rig.pool.stream(get()).await.unwrap();
    let pool = rig.pool.clone();
    let second = tokio::spawn(async move { pool.stream(get()).await });
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert!(!second.is_finished());
    rig.pool.configure_host("host", two()).unwrap();
    drop((second.await.unwrap().unwrap(), first));
}

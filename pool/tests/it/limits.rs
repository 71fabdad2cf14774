//! The rate limit of a host: every attempt passes it, in order, and nothing waits beyond its deadline.

use std::num::NonZeroU32;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use steadfast_clock::Clock;
use steadfast_pool::ratelimit::Quota;
use steadfast_pool::{CallContext, ErrorKind, HostConfig, Request};

use crate::held::Held;
use crate::rig::{Told, let_time_pass, rig};

#[tokio::test]
async fn sixty_per_minute_admits_one_a_second() {
    let transport = Told::new([]);
    let rig = rig(|pool| pool.transport(transport.clone()));
    rig.pool.configure_host("host", HostConfig::new().quota(Quota::per_minute(60).unwrap())).unwrap();
    let start = rig.clock.now();
    rig.pool.execute(Request::get("http://host/").unwrap()).await.unwrap();
    for _ in 0..3 {
        let pool = rig.pool.clone();
        let call = tokio::spawn(async move { pool.execute(Request::get("http://host/").unwrap()).await });
        let_time_pass(&rig.clock, Duration::from_secs(1)).await;
        let response = call.await.unwrap().unwrap();
        // The wait is none of the attempt's time: its limits begin after it.
        assert_eq!(response.attempts()[0].elapsed, Duration::ZERO);
    }
    assert_eq!(rig.clock.now().since(start), Duration::from_secs(3));
    assert_eq!(rig.pool.metrics().limit_wait.count, 3);
    // Other hosts have no limit.
    rig.pool.execute(Request::get("http://other/").unwrap()).await.unwrap();
}

#[tokio::test]
async fn what_cannot_fit_the_deadline_is_refused_at_once() {
    let transport = Told::new([]);
    let rig = rig(|pool| pool.transport(transport.clone()));
    rig.pool.configure_host("host", HostConfig::new().quota(Quota::per_minute(1).unwrap())).unwrap();
    rig.pool.execute(Request::get("http://host/").unwrap()).await.unwrap();
    let context = CallContext::new().deadline(rig.clock.now().saturating_add(Duration::from_secs(5)));
    let error = rig.pool.execute(Request::get("http://host/").unwrap().context(context)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    assert_eq!(transport.sent(), 1);
}

#[tokio::test]
async fn default_headers_stand_in_where_the_request_has_none() {
    let transport = Told::new([]);
    let rig = rig(|pool| pool.transport(transport.clone()));
    let version = HeaderName::from_static("api-version");
    let config = HostConfig::new().default_header(version.clone(), HeaderValue::from_static("default"));
    rig.pool.configure_host("host", config).unwrap();
    rig.pool.execute(Request::get("http://host/").unwrap()).await.unwrap();
    let own = Request::get("http://host/").unwrap().header(version, HeaderValue::from_static("own"));
    rig.pool.execute(own).await.unwrap();
    let versions: Vec<_> = transport.headers().iter().map(|headers| headers["api-version"].clone()).collect();
    assert_eq!(versions, ["default", "own"]);
}

/// A place that becomes free at the last moment begins no attempt beyond the deadline, nor takes it for a rate limit.
#[tokio::test]
async fn a_place_that_comes_with_the_deadline_comes_too_late() {
    for limited in [false, true] {
        let transport = Held::new();
        transport.heads.add_permits(8);
        let rig = rig(|pool| pool.transport(transport.clone()));
        let config = HostConfig::new().concurrency(NonZeroU32::MIN);
        let config = if limited { config.quota(Quota::per_second(100).unwrap().burst(100).unwrap()) } else { config };
        rig.pool.configure_host("host", config).unwrap();
        let first = rig.pool.stream(Request::get("http://host/").unwrap()).await.unwrap();
        let context = CallContext::new().deadline(rig.clock.now().saturating_add(Duration::from_secs(5)));
        let pool = rig.pool.clone();
        let second = async move { pool.execute(Request::get("http://host/").unwrap().context(context)).await };
        let second = tokio::spawn(second);
        while rig.clock.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        drop(first);
        rig.clock.advance(Duration::from_secs(6));
        let error = second.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Deadline, "{error}");
        assert_eq!(transport.sent.load(std::sync::atomic::Ordering::SeqCst), 1);
    }
}

//! A host that keeps failing is left alone, and found again.

use std::time::Duration;

use steadfast_pool::backoff::Policy;
use steadfast_pool::{ErrorKind, HostConfig, Request};

use crate::rig::{Told, rig, status};

fn get(url: &str) -> Request {
    Request::get(url).unwrap().retry(Policy::disabled())
}

#[tokio::test]
async fn opens_after_five_failures_and_closes_after_two_probes() {
    let transport = Told::new((0..5).map(|_| status(500)));
    let rig = rig(|pool| pool.transport(transport.clone()));
    for _ in 0..5 {
        assert_eq!(rig.pool.execute(get("http://host/")).await.unwrap().status(), 500);
    }
    let error = rig.pool.execute(get("http://host/")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BreakerOpen);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    assert!(error.attempts().is_empty());
    assert_eq!(transport.sent(), 5);
    assert_eq!(rig.pool.metrics().breaker_openings, 1);
    assert_eq!(rig.pool.host_metrics("host").breaker_openings, 1);
    // Another host is not concerned.
    assert_eq!(rig.pool.execute(get("http://other/")).await.unwrap().status(), 200);

    rig.clock.advance(Duration::from_secs(30));
    for _ in 0..3 {
        assert_eq!(rig.pool.execute(get("http://host/")).await.unwrap().status(), 200);
    }
    let told = rig.waits.told.lock().unwrap().join("\n");
    assert!(told.contains("to: HalfOpen") && told.contains("to: Closed"), "{told}");
}

#[tokio::test]
async fn a_breaker_that_opens_during_a_call_ends_its_retries() {
    let transport = Told::new((0..9).map(|_| status(503)));
    let rig = rig(|pool| pool.transport(transport.clone()).breaker(steadfast_pool::breaker::Rule::new().failures(2)));
    let error = rig.pool.execute(Request::get("http://host/").unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BreakerOpen);
    assert_eq!(error.attempts().len(), 2);
    assert_eq!(transport.sent(), 2);
}

#[tokio::test]
async fn rate_limits_and_refusals_say_nothing_about_health() {
    let codes = [429, 429, 429, 400, 401, 404, 429, 429, 400, 404];
    let transport = Told::new(codes.map(status));
    let rig = rig(|pool| pool.transport(transport.clone()));
    for code in codes {
        assert_eq!(rig.pool.execute(get("http://host/")).await.unwrap().status().as_u16(), code);
    }
}

#[tokio::test]
async fn a_scope_has_a_breaker_of_its_own() {
    let transport = Told::new((0..5).map(|_| status(500)));
    let rig = rig(|pool| pool.transport(transport.clone()));
    for _ in 0..5 {
        rig.pool.execute(get("http://host/").scope("host/model-a")).await.unwrap();
    }
    let error = rig.pool.execute(get("http://host/").scope("host/model-a")).await.unwrap_err();
    assert!(error.to_string().contains("breaker of host/model-a is open for 30.0 s more"), "{error}");
    assert_eq!(rig.pool.execute(get("http://host/").scope("host/model-b")).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_caller_who_goes_away_frees_the_probe() {
    let server = steadfast_testkit::Server::start(
        steadfast_testkit::Script::new()
            .times(5, steadfast_testkit::Reply::status(500))
            .times(2, steadfast_testkit::Reply::never())
            .always(steadfast_testkit::Reply::status(200)),
    )
    .await
    .unwrap();
    let rig = rig(|pool| pool);
    for _ in 0..5 {
        rig.pool.execute(get(server.url())).await.unwrap();
    }
    rig.clock.advance(Duration::from_secs(30));
    // Both probes are taken by callers who go away.
    for n in 6..8 {
        let (pool, request) = (rig.pool.clone(), get(server.url()));
        let call = tokio::spawn(async move { pool.execute(request).await });
        server.wait_for(n).await;
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
    }
    assert_eq!(rig.pool.metrics().cancelled, 2);
    assert_eq!(rig.pool.execute(get(server.url())).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_host_can_have_its_own_rule() {
    let transport = Told::new((0..6).map(|_| status(500)));
    let rig = rig(|pool| pool.transport(transport.clone()));
    let rule = steadfast_pool::breaker::Rule::new().failures(1).open_for(Duration::from_secs(3));
    rig.pool.configure_host("host", HostConfig::new().breaker(rule)).unwrap();
    rig.pool.execute(get("http://host:8080/")).await.unwrap();
    let error = rig.pool.execute(get("http://host:8080/")).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
    // Configured anew, it has another breaker; a host that is not concerned keeps its own.
    for _ in 0..5 {
        rig.pool.execute(get("http://other/")).await.unwrap();
    }
    rig.pool.configure_host("host", HostConfig::new().breaker(rule.failures(2))).unwrap();
    rig.pool.execute(get("http://host:8080/")).await.unwrap();
    assert_eq!(rig.pool.execute(get("http://other/")).await.unwrap_err().kind(), ErrorKind::BreakerOpen);
    let wrong = HostConfig::new().breaker(steadfast_pool::breaker::Rule::new().failures(0));
    assert_eq!(rig.pool.configure_host("host", wrong).unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_request_without_a_breaker_goes_out_and_tells_it_nothing() {
    let transport = Told::new((0..11).map(|_| status(500)));
    let rig = rig(|pool| pool.transport(transport.clone()));
    for _ in 0..6 {
        assert_eq!(rig.pool.execute(get("http://host/").without_breaker()).await.unwrap().status(), 500);
    }
    for _ in 0..5 {
        assert_eq!(rig.pool.execute(get("http://host/")).await.unwrap().status(), 500);
    }
    assert_eq!(rig.pool.execute(get("http://host/")).await.unwrap_err().kind(), ErrorKind::BreakerOpen);
    assert_eq!(rig.pool.execute(get("http://host/").without_breaker()).await.unwrap().status(), 200);
    assert_eq!(rig.pool.execute(get("http://host/")).await.unwrap_err().kind(), ErrorKind::BreakerOpen);
}

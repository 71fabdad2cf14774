//! One call for all who ask for the same at the same time.

use std::time::Duration;

use futures_util::future::{join_all, poll_immediate};
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, Method};
use steadfast_clock::Clock;
use steadfast_pool::mock::{MockFault, MockPool, MockReply, MockResponse, When};
use steadfast_pool::{CallContext, ErrorKind, HostConfig, Request};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn pool(reply: impl Into<MockReply>) -> MockPool {
    let pool = MockPool::build(|pool| pool.coalesce(true)).unwrap();
    pool.when(When::any()).always(reply);
    pool
}

fn get(path: &str) -> Request {
    Request::get(&format!("http://host{path}")).unwrap()
}

fn with(request: Request, name: HeaderName, value: &'static str) -> Request {
    request.header(name, HeaderValue::from_static(value))
}

#[tokio::test]
async fn those_who_ask_for_the_same_share_one_call() {
    let pool = pool(MockResponse::status(200).body("one").latency(secs(1)));
    let answers = join_all((0..5).map(|_| pool.execute(get("/")))).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert!(answers.iter().all(|answer| answer.text() == "one" && answer.elapsed() == secs(1)));
    assert_eq!(answers.iter().filter(|answer| answer.is_coalesced()).count(), 4);
    assert_eq!(pool.requests().len(), 1);
    let metrics = pool.metrics();
    assert_eq!((metrics.requests, metrics.succeeded, metrics.attempts), (5, 5, 1));
    assert_eq!((metrics.coalesced, metrics.active, metrics.final_status[&200]), (4, 0, 5));
    assert_eq!(pool.host_metrics("host").coalesced, 4);

    // Nothing is kept.
    pool.execute(get("/")).await.unwrap();
    assert_eq!(pool.requests().len(), 2);
}

/// Other URLs, methods, headers, credentials and limits are other questions; so are those that change something.
#[tokio::test]
async fn what_differs_is_not_shared() {
    let accept = || HeaderName::from_static("accept");
    let a = || get("/");
    for (other, calls) in [
        (a(), 1),
        (with(a(), HeaderName::from_static("x-request-id"), "mine"), 1),
        (get("/?q"), 2),
        (Request::new(Method::HEAD, "http://host/").unwrap(), 2),
        (with(a(), accept(), "text/html"), 2),
        (with(a(), AUTHORIZATION, "Bearer b"), 2),
        (a().max_body(7), 2),
        (a().body("x"), 2),
        (a().coalesce(false), 2),
        (a().transient(), 2),
        (Request::post("http://host/").unwrap(), 2),
    ] {
        let pool = pool(MockResponse::status(200).latency(secs(1)));
        let (one, two) = tokio::join!(pool.execute(a()), pool.execute(other));
        assert!(one.is_ok() && two.is_ok());
        assert_eq!(pool.requests().len(), calls);
    }
}

#[tokio::test]
async fn it_is_asked_for() {
    let slow = || MockResponse::status(200).latency(secs(1));
    let config = HostConfig::new().coalesce(true);
    let pool = MockPool::build(|pool| pool.host("shares", config)).unwrap();
    pool.when(When::any()).always(slow());
    let shares = || Request::get("http://shares/").unwrap();
    for (one, two, calls) in
        [(get("/"), get("/"), 2), (shares(), shares(), 1), (get("/").coalesce(true), get("/").coalesce(true), 1)]
    {
        let before = pool.requests().len();
        let (one, two) = tokio::join!(pool.execute(one), pool.execute(two));
        assert!(one.is_ok() && two.is_ok());
        assert_eq!(pool.requests().len() - before, calls);
    }
    // Streams are each caller's own.
    let (one, two) = tokio::join!(pool.stream(shares()), pool.stream(shares()));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(pool.requests().len(), 6);
}

#[tokio::test]
async fn a_failure_is_told_to_all_with_its_attempts() {
    let pool = pool(MockFault::refused());
    let failed = join_all((0..3).map(|_| pool.execute(get("/")))).await;
    for error in failed.iter().map(|result| result.as_ref().unwrap_err()) {
        assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::Refused, 4));
        assert!(std::error::Error::source(error).is_some());
    }
    assert_eq!((pool.metrics().failed, pool.metrics().attempts), (3, 4));
}

/// Each has its own deadline: the call goes on for the one that waits longest.
#[tokio::test]
async fn each_caller_has_its_own_deadline() {
    let pool = pool(MockResponse::status(200).body("late").latency(secs(9)));
    let until = |at: u64| get("/").context(CallContext::new().deadline(pool.clock().now().saturating_add(secs(at))));
    let (soon, later, passed) = (until(1), until(10), until(0));
    // As a task, it takes turns with the call's own.
    let clone = pool.pool().clone();
    let both = tokio::spawn(async move { tokio::join!(clone.execute(soon), clone.execute(later)) });
    let (soon, later) = both.await.unwrap();
    assert_eq!(soon.unwrap_err().kind(), ErrorKind::Deadline);
    assert_eq!(later.unwrap().text(), "late");
    assert_eq!(pool.execute(passed).await.unwrap_err().kind(), ErrorKind::Deadline);
    assert_eq!(pool.requests().len(), 1);
    assert_eq!((pool.metrics().succeeded, pool.metrics().failed), (1, 2));
}

/// Whoever began it may leave; the last who leaves ends it, and its place is free.
#[tokio::test]
async fn callers_that_leave_disturb_nobody_and_the_last_ends_the_call() {
    let config = HostConfig::new().concurrency(std::num::NonZeroU32::MIN);
    let pool = MockPool::build(|pool| pool.coalesce(true).host("host", config)).unwrap().time_by_hand();
    pool.when(When::any()).always(MockReply::never());
    let mut first = Box::pin(pool.execute(get("/")));
    let mut second = Box::pin(pool.execute(get("/")));
    assert!(poll_immediate(&mut first).await.is_none());
    assert!(poll_immediate(&mut second).await.is_none());
    let rounds = || async {
        for _ in 0..32 {
            tokio::task::yield_now().await;
        }
    };
    rounds().await;
    drop(first);
    rounds().await;
    assert_eq!((pool.requests().len(), pool.metrics().active), (1, 1));
    let mut third = Box::pin(pool.execute(get("/")));
    assert!(poll_immediate(&mut third).await.is_none());
    drop((second, third));
    rounds().await;
    assert_eq!((pool.metrics().active, pool.metrics().cancelled), (0, 3));
    // The call was ended: there is a place for another.
    let mut other = Box::pin(pool.execute(get("/other")));
    assert!(poll_immediate(&mut other).await.is_none());
    rounds().await;
    assert_eq!(pool.requests().len(), 2);
}

/// A redirect is followed for each caller, and every hop is shared.
#[tokio::test]
async fn redirects_are_shared_hop_by_hop() {
    let pool = MockPool::build(|pool| pool.coalesce(true)).unwrap();
    let slow = |status| MockResponse::status(status).latency(secs(1));
    pool.when(When::any().path("/")).always(slow(302).header("location", "/there"));
    pool.when(When::any().path("/there")).always(slow(200).body("there"));
    let (one, two) = tokio::join!(pool.execute(get("/")), pool.execute(get("/")));
    assert_eq!((one.unwrap().text(), two.unwrap().text()), ("there".into(), "there".into()));
    assert_eq!(pool.requests().len(), 2);
}

#[tokio::test]
async fn a_closed_pool_shares_nothing() {
    let pool = pool(MockResponse::status(200));
    pool.close().await;
    assert_eq!(pool.execute(get("/")).await.unwrap_err().kind(), ErrorKind::PoolClosed);
    assert_eq!(pool.metrics().requests, 0);
}

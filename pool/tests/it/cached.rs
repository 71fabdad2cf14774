//! Answers that are kept, and used again.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, COOKIE, RANGE};
use http::{HeaderName, HeaderValue, Method};
use steadfast_pool::backoff::Policy;
use steadfast_pool::mock::{MockFault, MockPool, MockReply, MockResponse, When};
use steadfast_pool::ratelimit::Quota;
use steadfast_pool::{CacheMode, Cached, ErrorKind, HostConfig, Request, ResponseCache};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn cache() -> ResponseCache {
    ResponseCache::in_memory(1 << 20).unwrap()
}

fn pool(replies: impl IntoIterator<Item = MockReply>) -> MockPool {
    let pool = MockPool::build(|pool| pool.cache(cache()).retry(Policy::disabled())).unwrap();
    let route = pool.when(When::any());
    replies.into_iter().for_each(|reply| drop(route.then(reply)));
    pool
}

fn answer(control: &str, body: &'static str) -> MockResponse {
    MockResponse::status(200).header("cache-control", control).body(body)
}

fn get() -> Request {
    Request::get("http://host/a?b").unwrap()
}

fn with(name: HeaderName, value: &'static str) -> Request {
    get().header(name, HeaderValue::from_static(value))
}

async fn told(pool: &MockPool, request: Request) -> (String, Option<Cached>) {
    let answer = pool.execute(request).await.unwrap();
    (answer.text(), answer.cached())
}

#[tokio::test]
async fn what_is_fresh_is_given_without_the_server() {
    let pool = pool([answer("max-age=60", "one").header("x-kept", "yes").into(), answer("", "two").into()]);
    let first = pool.execute(get()).await.unwrap();
    assert_eq!((first.cached(), first.attempts().len()), (Some(Cached::Miss), 1));
    pool.clock().advance(secs(59));
    let hit = pool.execute(get()).await.unwrap();
    assert_eq!((hit.text().as_str(), hit.cached()), ("one", Some(Cached::Hit { age: secs(59) })));
    assert_eq!(hit.headers()["x-kept"], "yes");
    assert_eq!(hit.headers()["age"], "59");
    assert!(hit.attempts().is_empty() && hit.connection().is_none());
    let metrics = pool.metrics();
    assert_eq!((metrics.requests, metrics.succeeded, metrics.attempts), (2, 2, 1));
    assert_eq!((metrics.cache_hits, metrics.cache_misses, metrics.active), (1, 1, 0));
    pool.clock().advance(secs(1));
    assert_eq!(told(&pool, get()).await, ("two".into(), Some(Cached::Miss)));
}

/// A hit asks neither the rate limit nor the breaker.
#[tokio::test]
async fn a_hit_passes_no_limit() {
    let config = HostConfig::new().quota(Quota::per_minute(1).unwrap());
    let pool = MockPool::build(|pool| pool.cache(cache()).host("host", config)).unwrap();
    pool.when(When::any()).always(answer("max-age=600", "x"));
    for _ in 0..5 {
        pool.execute(get()).await.unwrap();
    }
    assert_eq!(pool.metrics().limit_wait.count, 0);
    assert_eq!(pool.requests().len(), 1);
}

#[tokio::test]
async fn a_304_makes_it_fresh_again() {
    let kept = answer("max-age=10", "kept").header("etag", "\"a\"").header("last-modified", "then");
    let same = MockResponse::status(304).header("cache-control", "max-age=20").header("etag", "W/\"a\"");
    let pool = pool([kept.into(), same.header("x-new", "1").into(), answer("", "other").into()]);
    told(&pool, get()).await;
    pool.clock().advance(secs(10));
    let answer = pool.execute(get()).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().as_str()), (200, "kept"));
    assert_eq!((answer.cached(), answer.attempts().len()), (Some(Cached::Revalidated { age: secs(0) }), 1));
    assert_eq!(answer.headers()["x-new"], "1");
    let asked = &pool.requests()[1].headers;
    assert_eq!(
        (&asked["if-none-match"], &asked["if-modified-since"]),
        (&"\"a\"".parse().unwrap(), &"then".parse().unwrap())
    );
    pool.clock().advance(secs(19));
    assert_eq!(told(&pool, get()).await, ("kept".into(), Some(Cached::Hit { age: secs(19) })));
    assert_eq!((pool.metrics().cache_revalidated, pool.metrics().cache_hits), (1, 1));
}

/// A 304 that speaks of another answer is not believed: the whole answer is asked for.
#[tokio::test]
async fn a_304_of_something_else_is_asked_again() {
    let kept = answer("max-age=1", "old").header("etag", "\"a\"");
    let other = MockResponse::status(304).header("etag", "\"b\"");
    let pool = pool([kept.into(), other.into(), answer("", "new").into()]);
    told(&pool, get()).await;
    pool.clock().advance(secs(1));
    assert_eq!(told(&pool, get()).await, ("new".into(), Some(Cached::Miss)));
    assert!(!pool.requests()[2].headers.contains_key("if-none-match"));
}

/// Neither other credentials nor, where `Vary` says so, other headers are given it; nor another method or query.
#[tokio::test]
async fn what_it_depends_on_is_what_it_is_found_by() {
    let other = HeaderName::from_static("x-other");
    for (one, two, shared) in [
        (get(), get(), true),
        (get(), with(other.clone(), "1"), true),
        (with(AUTHORIZATION, "Bearer a"), with(AUTHORIZATION, "Bearer a"), true),
        (with(AUTHORIZATION, "Bearer a"), with(AUTHORIZATION, "Bearer b"), false),
        (get(), with(COOKIE, "id=1"), false),
        (get(), with(HeaderName::from_static("x-api-key"), "k"), false),
        (with(ACCEPT, "a"), with(ACCEPT, "a"), true),
        (with(ACCEPT, "a"), with(ACCEPT, "b"), false),
        (get(), with(ACCEPT, "b"), false),
        (get(), Request::get("http://host/a?c").unwrap(), false),
        (get(), Request::get("http://host/a?b#c").unwrap(), true),
        (get(), Request::new(Method::HEAD, "http://host/a?b").unwrap(), false),
        (get(), with(RANGE, "bytes=0-1"), false),
        (get(), with(CACHE_CONTROL, "no-store"), false),
        (get(), with(CACHE_CONTROL, "no-cache"), false),
        (get(), get().cache(CacheMode::Bypass), false),
        (get(), get().cache(CacheMode::Refresh), false),
        (get(), get().transient(), false),
    ] {
        let reply = || answer("max-age=60", "x").header("vary", "Accept").into();
        let pool = pool([reply(), reply()]);
        told(&pool, one).await;
        let (_, cached) = told(&pool, two).await;
        assert_eq!(matches!(cached, Some(Cached::Hit { .. })), shared);
    }
}

#[tokio::test]
async fn a_change_ends_what_is_kept() {
    let post = || Request::post("http://host/a?b").unwrap();
    for (status, ends) in [(204, true), (302, true), (409, false), (500, false)] {
        let pool =
            pool([answer("max-age=60", "old").into(), MockResponse::status(status).into(), answer("", "new").into()]);
        told(&pool, with(AUTHORIZATION, "Bearer a")).await;
        pool.execute(post()).await.unwrap();
        let expected = if ends { "new" } else { "old" };
        assert_eq!(told(&pool, with(AUTHORIZATION, "Bearer a")).await.0, expected, "{status}");
    }
}

#[tokio::test]
async fn a_stale_answer_is_given_while_another_is_asked_for() {
    let pool = pool([
        answer("max-age=10, stale-while-revalidate=30", "old").into(),
        answer("max-age=10", "new").latency(secs(1)).into(),
    ]);
    told(&pool, get()).await;
    pool.clock().advance(secs(15));
    for _ in 0..3 {
        assert_eq!(told(&pool, get()).await, ("old".into(), Some(Cached::Stale { age: secs(15) })));
    }
    while pool.metrics().active > 0 || pool.requests().len() < 2 {
        tokio::task::yield_now().await;
    }
    let (text, cached) = told(&pool, get()).await;
    assert!(text == "new" && matches!(cached, Some(Cached::Hit { .. })));
    assert_eq!((pool.requests().len(), pool.metrics().cache_stale), (2, 3));
}

/// The answer says that it stands in, and the attempts tell why.
#[tokio::test]
async fn a_stale_answer_stands_in_for_an_error_where_that_is_allowed() {
    let fails: [MockReply; 2] = [MockFault::refused().into(), MockResponse::status(503).into()];
    for fail in fails {
        for (control, stands_in) in [("max-age=1, stale-if-error=60", true), ("max-age=1", false)] {
            let pool = pool([answer(control, "old").into(), fail.clone()]);
            told(&pool, get()).await;
            pool.clock().advance(secs(30));
            match pool.execute(get()).await {
                Ok(answer) if answer.status() == 200 => {
                    assert!(stands_in);
                    assert_eq!((answer.cached(), answer.attempts().len()), (Some(Cached::Stale { age: secs(30) }), 1));
                }
                Ok(answer) => assert!(!stands_in && answer.status() == 503),
                Err(error) => assert!(!stands_in && error.kind() == ErrorKind::Refused),
            }
        }
    }
}

#[tokio::test]
async fn a_stream_is_kept_when_it_came_whole() {
    let parts = || answer("max-age=60", "").chunks(["he", "ll", "o"]);
    let pool = pool([parts().into(), parts().reset_after(3).into(), parts().into(), parts().into()]);
    // Dropped, and cut: not kept.
    let mut dropped = pool.stream(get()).await.unwrap();
    dropped.chunk().await.unwrap();
    drop(dropped);
    let mut cut = pool.stream(get()).await.unwrap();
    assert!(cut.rest(99).await.is_err());
    let mut whole = pool.stream(get()).await.unwrap();
    assert_eq!(whole.rest(99).await.unwrap(), "hello");
    tokio::task::yield_now().await;
    let mut again = pool.stream(get()).await.unwrap();
    assert!(matches!(again.cached(), Some(Cached::Hit { .. })));
    assert_eq!(again.chunk().await.unwrap().unwrap(), "hello");
    assert_eq!(again.chunk().await.unwrap(), None);
    // And one for whole answers.
    assert_eq!(told(&pool, get()).await.0, "hello");
    // One that is larger than the request allows is not given.
    assert!(matches!(pool.execute(get().max_body(3)).await, Err(error) if error.kind() == ErrorKind::TooLarge));
}

#[tokio::test]
async fn what_is_too_large_is_not_kept() {
    let pool = MockPool::build(|pool| pool.cache(cache().max_body(3))).unwrap();
    pool.when(When::any()).always(answer("max-age=60", "four"));
    told(&pool, get()).await;
    assert_eq!(told(&pool, get()).await.1, Some(Cached::Miss));
    let mut stream = pool.stream(get()).await.unwrap();
    stream.rest(9).await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(told(&pool, get()).await.1, Some(Cached::Miss));
}

/// A permanent redirect is kept, too, hop by hop.
#[tokio::test]
async fn redirects_are_kept() {
    let pool = MockPool::build(|pool| pool.cache(cache())).unwrap();
    let moved = MockResponse::status(301).header("location", "/there").header("cache-control", "max-age=9");
    pool.when(When::any().path("/a")).then(moved);
    pool.when(When::any().path("/there")).always(answer("", "there"));
    for _ in 0..2 {
        assert_eq!(told(&pool, get()).await.0, "there");
    }
    assert_eq!(pool.requests().len(), 3);
}

/// With both, those who miss at the same time share one call, and it is kept once.
#[tokio::test]
async fn misses_are_shared() {
    let pool = MockPool::build(|pool| pool.cache(cache()).coalesce(true)).unwrap();
    pool.when(When::any()).always(answer("max-age=60", "x").latency(secs(1)));
    let (one, two) = tokio::join!(pool.execute(get()), pool.execute(get()));
    assert_eq!((one.unwrap().cached(), two.unwrap().cached()), (Some(Cached::Miss), Some(Cached::Miss)));
    assert!(matches!(told(&pool, get()).await.1, Some(Cached::Hit { .. })));
    let metrics = pool.metrics();
    assert_eq!((pool.requests().len(), metrics.requests, metrics.succeeded, metrics.coalesced), (1, 3, 3, 1));
}

#[tokio::test]
async fn only_get_and_head_and_never_unasked() {
    let pool = pool([answer("max-age=60", "1").into(), answer("max-age=60", "2").into()]);
    let post = || Request::post("http://host/a?b").unwrap().body(Bytes::from("x"));
    assert_eq!(told(&pool, post()).await, ("1".into(), None));
    assert_eq!(told(&pool, post()).await, ("2".into(), None));
    let plain = MockPool::new();
    plain.when(When::any()).always(answer("max-age=60", "1"));
    assert_eq!(told(&plain, get()).await.1, None);
    assert!(ResponseCache::in_memory(0).is_err());
}

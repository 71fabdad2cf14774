//! A second attempt beside one that takes too long.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use steadfast_clock::{Clock, Nanos};
use steadfast_pool::backoff::{Budget, Policy, RetryBudget};
use steadfast_pool::breaker::Rule;
use steadfast_pool::mock::{MockFault, MockPool, MockReply, MockResponse, When};
use steadfast_pool::ratelimit::Quota;
use steadfast_pool::{CallContext, Hedging, HostConfig, Reached, Request, Resend};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn answer(body: &'static str, after: u64) -> MockResponse {
    MockResponse::status(200).body(body).latency(ms(after))
}

fn get() -> Request {
    Request::get("http://host/").unwrap().hedge(Hedging::after(ms(100)))
}

/// One with so many left, which nothing is added to.
fn budget(left: u32) -> Arc<RetryBudget> {
    let budget = RetryBudget::builder().ratio(0.0).floor(0.0).reserve(left.max(1)).build().unwrap();
    if left == 0 {
        assert!(budget.withdraw(1, Nanos::ZERO));
    }
    Arc::new(budget)
}

fn pool(replies: impl IntoIterator<Item = MockReply>) -> MockPool {
    let pool = MockPool::new();
    let route = pool.when(When::any());
    replies.into_iter().for_each(|reply| drop(route.then(reply)));
    pool
}

#[tokio::test]
async fn the_faster_of_two_answers_and_both_are_told() {
    let pool = pool([answer("slow", 9000).into(), answer("quick", 30).into()]);
    let started = pool.clock().now();
    let answer = pool.execute(get()).await.unwrap();
    assert_eq!(answer.text(), "quick");
    assert_eq!(pool.clock().now().since(started), ms(130));
    let told: Vec<_> = answer.attempts().iter().map(|a| (a.number, a.hedge, a.status, a.elapsed)).collect();
    assert_eq!(told, [(1, false, None, ms(130)), (2, true, Some(200), ms(30))]);
    assert!(answer.attempts()[0].error.as_ref().unwrap().contains("another attempt was faster"));
    let metrics = pool.metrics();
    assert_eq!((metrics.requests, metrics.attempts, metrics.retries), (1, 2, 0));
    assert_eq!((metrics.hedges, metrics.hedges_won, metrics.succeeded), (1, 1, 1));
    assert_eq!(pool.host_metrics("host").hedges, 1);
}

#[tokio::test]
async fn one_that_is_quick_enough_is_alone() {
    let pool = pool([answer("quick", 99).into()]);
    let answer = pool.execute(get()).await.unwrap();
    assert_eq!((answer.attempts().len(), pool.metrics().hedges), (1, 0));
}

#[tokio::test]
async fn the_first_attempt_may_still_win() {
    let pool = pool([answer("first", 150).into(), answer("second", 100).into()]);
    let answer = pool.execute(get()).await.unwrap();
    let numbers: Vec<_> = answer.attempts().iter().map(|a| a.number).collect();
    assert_eq!((answer.text().as_str(), numbers), ("first", vec![2, 1]), "the one that brought the answer is the last");
    assert_eq!((pool.metrics().hedges, pool.metrics().hedges_won), (1, 0));
}

#[tokio::test]
async fn a_stream_is_won_by_its_head() {
    let pool = pool([answer("slow", 9000).into(), answer("quick", 30).into()]);
    let mut stream = pool.stream(get()).await.unwrap();
    assert_eq!(stream.chunk().await.unwrap().unwrap(), "quick");
}

/// A failure does not end the race, nor does it start anything; when all have failed, the call is retried, and the numbers go on.
#[tokio::test]
async fn failures_are_retried_after_the_race() {
    let busy = || MockResponse::status(503);
    let pool = pool([
        busy().latency(ms(150)).into(),
        MockFault::refused().latency(ms(70)).into(),
        answer("at last", 0).into(),
    ]);
    let answer = pool.execute(get()).await.unwrap();
    let told: Vec<_> = answer.attempts().iter().map(|a| (a.number, a.hedge, a.wait.is_some())).collect();
    assert_eq!(told, [(1, false, false), (2, true, true), (3, false, false)]);
    assert_eq!((pool.metrics().attempts, pool.metrics().retries, pool.metrics().hedges), (3, 1, 1));
}

#[tokio::test]
async fn a_refusal_for_good_ends_the_race() {
    let pool = pool([answer("slow", 9000).into(), MockResponse::status(404).into()]);
    let answer = pool.execute(get()).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.attempts().len()), (404, 2));
}

#[tokio::test]
async fn more_than_one_hedge_when_asked_for() {
    let pool = pool([answer("1", 9000).into(), answer("2", 9000).into(), answer("3", 10).into()]);
    let hedging = Hedging::after(ms(100)).max(NonZeroU32::new(2).unwrap());
    let answer = pool.execute(get().hedge(hedging)).await.unwrap();
    assert_eq!((answer.text().as_str(), answer.attempts().len()), ("3", 3));
    assert_eq!(answer.elapsed(), ms(210));
}

/// Only what may be executed twice is hedged.
#[tokio::test]
async fn a_post_is_hedged_only_with_leave() {
    let post = || Request::post("http://host/").unwrap().body("x").hedge(Hedging::after(ms(100)));
    let key = (HeaderName::from_static("idempotency-key"), HeaderValue::from_static("k"));
    let once = http_body_util::BodyExt::map_err(http_body_util::Full::from("x"), |never| match never {});
    for (request, hedges) in [
        (post(), 0),
        (post().header(key.0.clone(), key.1.clone()), 1),
        (post().context(CallContext::new().resend(Resend::Always)), 1),
        (post().header(key.0, key.1).body(steadfast_pool::Body::once(Box::pin(once))), 0),
    ] {
        let pool = pool([answer("", 900).into(), answer("", 900).into()]);
        pool.execute(request).await.unwrap();
        assert_eq!(pool.metrics().hedges, hedges);
    }
}

#[tokio::test]
async fn a_hedge_is_paid_for() {
    let slow = || MockReply::from(answer("", 900));
    // Its own budget, and the one of retries.
    for (own, retries, hedges) in
        [(budget(0), None, 0), (budget(9), Some(budget(0)), 0), (budget(9), Some(budget(1)), 1)]
    {
        let pool = pool([slow(), slow()]);
        let context = retries.map_or_else(CallContext::new, |budget| CallContext::new().budget(budget));
        let request = get().hedge(Hedging::after(ms(100)).budget(own)).context(context);
        pool.execute(request).await.unwrap();
        assert_eq!(pool.metrics().hedges, hedges);
    }
}

#[tokio::test]
async fn none_is_started_when_the_deadline_is_nearer_than_the_delay() {
    let pool = pool([answer("", 80).into()]);
    let deadline = pool.clock().now().saturating_add(ms(100));
    let answer = pool.execute(get().context(CallContext::new().deadline(deadline))).await.unwrap();
    assert_eq!(answer.attempts().len(), 1);
    assert_eq!(pool.metrics().hedges, 0);
}

/// The limits of the host hold for hedges as for all attempts, and nobody waits for them to hedge.
#[tokio::test]
async fn a_hedge_passes_rate_places_and_breaker() {
    let quota = || Quota::per_minute(1).unwrap();
    let one = NonZeroU32::MIN;
    for config in [HostConfig::new().quota(quota()), HostConfig::new().concurrency(one)] {
        let pool = MockPool::build(|pool| pool.host("host", config.hedge(Hedging::after(ms(100))))).unwrap();
        pool.when(When::any()).always(answer("", 900));
        let answer = pool.execute(Request::get("http://host/").unwrap()).await.unwrap();
        assert_eq!((answer.attempts().len(), answer.elapsed()), (1, ms(900)));
    }
    // Each counts for the rate.
    let config = HostConfig::new().quota(quota().burst(2).unwrap()).hedge(Hedging::after(ms(100)));
    let pool = MockPool::build(|pool| pool.host("host", config)).unwrap();
    pool.when(When::any()).always(answer("", 900));
    pool.execute(Request::get("http://host/").unwrap()).await.unwrap();
    assert_eq!(pool.metrics().hedges, 1);
    let deadline = pool.clock().now().saturating_add(ms(1000));
    let third = Request::get("http://host/").unwrap().context(CallContext::new().deadline(deadline));
    assert!(pool.execute(third).await.is_err());
}

/// A failed hedge is a failure to the breaker; one that was outrun is none.
#[tokio::test]
async fn the_breaker_hears_of_every_attempt() {
    let fails = || MockReply::from(MockResponse::status(500).latency(ms(200)));
    let rule = Rule::new().failures(2);
    let pool = MockPool::build(|pool| pool.breaker(rule).retry(Policy::disabled())).unwrap();
    pool.when(When::any()).then(answer("slow", 9000)).always(answer("quick", 10));
    for _ in 0..3 {
        pool.execute(get()).await.unwrap();
    }
    assert_eq!(pool.metrics().breaker_openings, 0);
    let pool = MockPool::build(|pool| pool.breaker(rule).retry(Policy::disabled())).unwrap();
    pool.when(When::any()).then(MockResponse::status(503).latency(ms(200))).always(fails());
    pool.execute(get()).await.unwrap();
    assert_eq!(pool.metrics().breaker_openings, 1);
}

#[tokio::test]
async fn a_quantile_hedges_the_slowest_once_it_knows_what_is_slow() {
    let config = HostConfig::new().hedge(Hedging::at_quantile(0.9).unwrap());
    let pool = MockPool::build(|pool| pool.host("host", config)).unwrap();
    let route = pool.when(When::any()).times(99, answer("", 20)).then(answer("slow", 900));
    route.then(answer("", 20)).then(answer("slow", 900)).then(answer("quick", 20));
    for _ in 0..100 {
        pool.execute(Request::get("http://host/").unwrap()).await.unwrap();
    }
    assert_eq!(pool.metrics().hedges, 0, "too little was known");
    pool.execute(Request::get("http://host/").unwrap()).await.unwrap();
    let answer = pool.execute(Request::get("http://host/").unwrap()).await.unwrap();
    assert_eq!((answer.text().as_str(), pool.metrics().hedges), ("quick", 1));
    assert!(Hedging::at_quantile(1.0).is_err());
}

/// Dropped in the middle of a race, everything is given back.
#[tokio::test]
async fn a_dropped_race_leaves_nothing_behind() {
    let config = HostConfig::new().concurrency(NonZeroU32::new(2).unwrap());
    let pool = MockPool::build(|pool| pool.host("host", config)).unwrap().time_by_hand();
    pool.when(When::any()).always(MockReply::never());
    {
        let mut call = std::pin::pin!(pool.execute(get()));
        while pool.requests().len() < 2 {
            let step = futures_util::future::poll_immediate(call.as_mut()).await;
            assert!(step.is_none());
            pool.clock().advance(ms(10));
        }
    }
    let metrics = pool.metrics();
    assert_eq!((metrics.cancelled, metrics.active, metrics.hedges), (1, 0, 1));
    let places = pool.execute(get().context(CallContext::new().deadline(pool.clock().now()))).await.unwrap_err();
    assert_eq!(places.kind(), steadfast_pool::ErrorKind::Deadline, "not busy");
}

#[tokio::test]
async fn an_outrun_attempt_that_was_sent_may_have_been_executed() {
    let pool = pool([answer("slow", 9000).into(), answer("quick", 30).into()]);
    let answer = pool.execute(get()).await.unwrap();
    let lost = &answer.attempts()[0];
    assert_eq!(lost.maybe_executed, lost.reached > Reached::Refused);
    let told = serde_json::to_value(answer.attempts()).unwrap();
    assert_eq!((told[0].get("hedge"), told[1]["hedge"].as_bool()), (None, Some(true)));
}

#[test]
fn budgets_are_shared_by_clones() {
    let own = budget(1);
    let hedging = Hedging::after(ms(1)).budget(own.clone());
    drop(hedging.clone());
    assert!(own.withdraw(1, Nanos::ZERO));
    assert!(format!("{hedging:?}").contains("1ms"));
}

/// Over sockets: the connection of the attempt that was outrun is closed.
#[cfg(feature = "hyper")]
#[tokio::test]
async fn the_slower_ones_connection_closes() {
    use crate::rig::{let_time_pass, rig};
    use steadfast_testkit::{Reply, Script, Server};

    let server = Server::start(Script::new().then(Reply::never()).always(Reply::status(200))).await.unwrap();
    let rig = rig(|pool| pool);
    let request = Request::get(server.url()).unwrap().hedge(Hedging::after(ms(100)));
    let pool = rig.pool.clone();
    let call = tokio::spawn(async move { pool.execute(request).await });
    server.wait_for(1).await;
    let_time_pass(&rig.clock, ms(100)).await;
    let answer = call.await.unwrap().unwrap();
    assert_eq!((answer.attempts().len(), server.connections()), (2, 2));
    assert!(answer.attempts()[0].maybe_executed);
    while server.open_connections() > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(rig.pool.connections().unwrap().active, 0);
}

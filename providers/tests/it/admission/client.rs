//! The same through a client: every attempt is admitted, every answer teaches, and every call is settled.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use steadfast_clock::Clock;
use steadfast_providers::admission::{AdmissionSnapshot, LimitSnapshot, LimitTable, Limits, Measure};
use steadfast_providers::pool::mock::{MockPool, MockReply, MockResponse, When};
use steadfast_providers::pool::{CallContext, Pool};
use steadfast_providers::{ApiKey, Call, Client, ErrorKind, Event, Provider, Vendor};

fn pool(replies: impl IntoIterator<Item = MockResponse>) -> MockPool {
    let pool = MockPool::new();
    let route = pool.when(When::any());
    replies.into_iter().for_each(|reply| drop(route.then(reply)));
    pool
}

fn openai(pool: &Pool, key: &str, limits: Limits) -> Client {
    let client = Client::openai(pool.clone()).base_url("https://host/v1").api_key(ApiKey::new(key)).model("gpt-x");
    client.limits(limits).build().unwrap()
}

fn anthropic(pool: &Pool, limits: Limits) -> Client {
    let client = Client::anthropic(pool.clone()).base_url("https://host").api_key(ApiKey::new("k"));
    client.model("claude-sonnet-4-5").limits(limits).build().unwrap()
}

fn answer() -> MockResponse {
    let body = json!({
        "id": "id-1", "model": "m-1",
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": "Wings." }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 7, "completion_tokens": 2 },
    });
    MockResponse::json(200, &body)
}

fn limited() -> MockResponse {
    MockResponse::json(429, &json!({ "error": { "message": "m", "type": "requests", "code": "rate_limit_exceeded" } }))
}

fn call() -> Call {
    Call::new("What keeps bees in the air?")
}

/// What is known of the one scope that there is.
fn known(pool: &Pool) -> AdmissionSnapshot {
    let [one] = <[_; 1]>::try_from(AdmissionSnapshot::of(pool)).unwrap();
    one
}

fn limit(pool: &Pool, measure: Measure) -> LimitSnapshot {
    known(pool).book.limits.into_iter().find(|limit| limit.measure == measure).unwrap()
}

#[test]
fn the_tables_of_vendors_say_what_those_in_code_say() {
    assert_eq!(Vendor::openai().limits, LimitTable::OPENAI);
    assert_eq!(Vendor::anthropic().limits, LimitTable::ANTHROPIC);
    for vendor in Vendor::all() {
        assert!(vendor.limits.headers.iter().all(|row| row.header.contains("{}")), "{}", vendor.name);
    }
}

#[tokio::test]
async fn one_answer_tells_the_limits_and_the_next_calls_wait_for_them_in_order() {
    let told = || answer().header("x-ratelimit-limit-requests", "60").header("x-ratelimit-remaining-requests", "1");
    let pool = pool([told().header("x-ratelimit-reset-requests", "59s"), answer(), answer(), answer()]);
    let client = openai(&pool, "k", Limits::new());
    client.complete(call()).await.unwrap();
    let requests = limit(&pool, Measure::Requests);
    assert_eq!((requests.limit, requests.seconds, requests.left, requests.told), (60, 60, 0, true));
    let start = pool.clock().now();
    let calls = (0..3).map(|_| tokio::spawn(client.complete(call())));
    let mut done = Vec::new();
    for call in calls {
        done.push(call.await.unwrap().unwrap());
    }
    let at: Vec<_> = pool.requests()[1..].iter().map(|request| request.at.since(start).as_secs()).collect();
    assert_eq!(at, [1, 2, 3]);
    assert_eq!(pool.metrics().limit_wait.count, 3);
}

#[tokio::test]
async fn what_cannot_be_in_time_is_refused_at_once_and_says_when() {
    let pool = pool([answer()]);
    let client = openai(&pool, "k", Limits::new().requests_per_minute(1));
    client.complete(call()).await.unwrap();
    let start = pool.clock().now();
    let soon = CallContext::new().deadline(start.saturating_add(Duration::from_secs(5)));
    let error = client.complete(call().context(soon)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    assert!(error.attempts().is_empty());
    let text = error.to_string();
    assert!(text.contains("the limit of 1 requests a minute is used up, come back after 60 s"), "{text}");
    assert_eq!(pool.clock().now(), start);
    assert_eq!(pool.requests().len(), 1);
}

#[tokio::test]
async fn one_429_holds_up_all_who_come_after_it() {
    let pool = MockPool::new();
    let route = pool.when(When::any());
    route.then(limited().header("retry-after", "20"));
    route.always(answer());
    let client = openai(&pool, "k", Limits::new());
    let start = pool.clock().now();
    let first = tokio::spawn(client.complete(call()));
    let later = |_| {
        let (client, timer) = (client.clone(), Arc::clone(pool.timer()));
        tokio::spawn(async move {
            timer.sleep_until(start.saturating_add(Duration::from_secs(1))).await;
            client.complete(call()).await
        })
    };
    let others: Vec<_> = (0..39).map(later).collect();
    for other in others {
        other.await.unwrap().unwrap();
    }
    first.await.unwrap().unwrap();
    let at: Vec<_> = pool.requests().iter().map(|request| request.at.since(start).as_secs()).collect();
    // Nobody before its time, then five at once, and from there on one a second, and a half more every ten.
    let until = |second| at.iter().filter(|at| **at < second).count();
    assert_eq!((until(20), until(21), until(30), at.len()), (1, 1 + 5, 1 + 5 + 9, 41), "{at:?}");
}

#[tokio::test]
async fn retries_take_of_the_limit_too() {
    let pool = pool([MockResponse::status(503), answer()]);
    let client = openai(&pool, "k", Limits::new().requests_per_minute(10));
    client.complete(call()).await.unwrap();
    assert_eq!(pool.requests().len(), 2);
    assert_eq!(limit(&pool, Measure::Requests).left, 7);
}

#[tokio::test]
async fn what_is_held_is_settled_by_what_was_taken() {
    let sse = || {
        let start = json!({ "type": "message_start", "message": { "id": "i", "model": "m", "content": [],
                            "usage": { "input_tokens": 4, "cache_read_input_tokens": 3, "output_tokens": 1 } } });
        let text =
            json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "Wings." } });
        let delta = json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 100 } });
        let events = [("message_start", start), ("content_block_delta", text), ("message_delta", delta)];
        let sse = events.iter().fold(MockResponse::sse(), |sse, (name, data)| sse.event(name, &data.to_string()));
        sse.event("message_stop", &json!({ "type": "message_stop" }).to_string())
    };
    let pool = pool([sse(), sse()]);
    let limits = Limits::new().output_tokens_per_minute(10_000).input_tokens_per_minute(10_000);
    let client = anthropic(&pool, limits);
    // All but what is filled in half a second.
    let before = 10_000 - 84;
    let mut stream = client.stream(call().max_tokens(2_000)).await.unwrap();
    assert_eq!(limit(&pool, Measure::Output).left, before - 2_000);
    while let Some(event) = stream.next().await {
        event.unwrap();
    }
    assert_eq!(limit(&pool, Measure::Output).left, before - 100);
    assert_eq!(limit(&pool, Measure::Input).left, before - 4);
    // Nobody knows what a dropped one takes.
    let mut stream = client.stream(call().max_tokens(2_000)).await.unwrap();
    while !matches!(stream.next().await, Some(Ok(Event::Text(_)))) {}
    drop(stream);
    assert_eq!(limit(&pool, Measure::Output).left, before - 2_100);
    assert_eq!(known(&pool).book.under_way, 0);
}

#[tokio::test]
async fn an_error_inside_of_a_stream_tells_limits_too() {
    let error = json!({ "error": { "type": "tokens", "code": "rate_limit_exceeded", "message": "Rate limit reached",
        "headers": { "x-ratelimit-limit-requests": "500", "x-ratelimit-limit-tokens": "30000",
            "x-ratelimit-remaining-requests": "499", "x-ratelimit-remaining-tokens": "4735",
            "x-ratelimit-reset-requests": "120ms", "x-ratelimit-reset-tokens": "50.529s" } } });
    let pool = pool([MockResponse::sse().data(&error.to_string())]);
    let client = openai(&pool, "k", Limits::new());
    let failed = client.stream(call()).await.unwrap().collect().await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::RateLimited);
    let tokens = limit(&pool, Measure::Tokens);
    assert_eq!((tokens.limit, tokens.told), (30_000, true));
    assert!(tokens.left <= 4_735, "{tokens:?}");
}

#[tokio::test]
async fn clients_share_what_they_know_by_pool_key_and_family() {
    let pool = MockPool::new();
    pool.when(When::any())
        .always(answer().header("x-ratelimit-limit-requests", "60").header("x-ratelimit-remaining-requests", "9"));
    let [one, same, other] = ["k", "k", "l"].map(|key| openai(&pool, key, Limits::new()));
    one.complete(call()).await.unwrap();
    same.complete(call().model("gpt-x-2026-01-01")).await.unwrap();
    assert_eq!(AdmissionSnapshot::of(&pool).len(), 1);
    other.complete(call()).await.unwrap();
    same.complete(call().model("gpt-y")).await.unwrap();
    let known = AdmissionSnapshot::of(&pool);
    let families: Vec<_> = known.iter().map(|known| (&*known.provider, &*known.family)).collect();
    assert_eq!(families, [("openai", "gpt-x"), ("openai", "gpt-x"), ("openai", "gpt-y")]);
    let text = format!("{known:?}{}", serde_json::to_string(&known).unwrap());
    assert!(text.contains("\"limit\":60"), "{text}");
}

#[tokio::test]
async fn one_who_goes_away_leaves_the_line_and_nothing_behind() {
    let pool = MockPool::new().time_by_hand();
    pool.when(When::any()).always(answer());
    let client = openai(&pool, "k", Limits::new().requests_per_minute(2).longest_wait(Duration::from_secs(70)));
    client.complete(call()).await.unwrap();
    let waits = [(); 3].map(|()| tokio::spawn(client.complete(call())));
    while known(&pool).book.waiting < 2 {
        tokio::task::yield_now().await;
    }
    waits.iter().for_each(tokio::task::JoinHandle::abort);
    for wait in waits {
        drop(wait.await);
    }
    assert_eq!((known(&pool).book.waiting, pool.requests().len()), (0, 1));
}

/// A million failures of limits open no breaker, nor does a refusal; overload does, and 30 s after it is over calls go through.
#[tokio::test]
async fn the_breaker_hears_of_overload_alone_and_lets_calls_through_after_30_s() {
    for (status, opens) in
        [(429, false), (400, false), (401, false), (403, false), (529, true), (503, true), (500, true)]
    {
        let pool = MockPool::new();
        let (clock, start) = (pool.clock().clone(), pool.clock().now());
        let down = Duration::from_secs(20);
        pool.when(When::any()).always(MockReply::by(move |_| {
            let failing = clock.now().since(start) < down;
            if failing { MockResponse::status(status).header("retry-after-ms", "1") } else { answer() }
        }));
        let limits = Limits::new();
        let client =
            Client::openai(Pool::clone(&pool)).base_url("https://host/v1").api_key(ApiKey::new("k")).model("gpt-x");
        let client = client.retry(steadfast_providers::backoff::Policy::disabled()).limits(limits).build().unwrap();
        let (mut open, mut back) = (0, None);
        for _ in 0..90 {
            match client.complete(call()).await {
                Ok(_) => {
                    back.get_or_insert(pool.clock().now().since(start));
                }
                Err(error) if error.kind() == ErrorKind::BreakerOpen => open += 1,
                Err(error) => assert!(back.is_none(), "{status}: {error} after it was back"),
            }
            pool.clock().advance(Duration::from_secs(1));
        }
        assert_eq!(open > 0, opens, "{status}");
        let back = back.unwrap();
        assert!(back <= down + Duration::from_secs(if opens { 31 } else { 11 }), "{status}: {back:?}");
        assert!(opens || pool.requests().len() >= 70, "{status}: {}", pool.requests().len());
    }
}

#[test]
fn handles_are_shared_and_told() {
    fn value<T: Send + Sync + std::fmt::Debug + Clone + 'static>() {}
    value::<Limits>();
    value::<LimitTable>();
    value::<AdmissionSnapshot>();
    value::<steadfast_providers::admission::Heard>();
    fn handle<T: Send + Sync + std::fmt::Debug + 'static>() {}
    handle::<steadfast_providers::admission::Book>();
    handle::<steadfast_providers::admission::Ticket>();
    let _: Arc<dyn Provider> = Arc::new(openai(&MockPool::new(), "k", Limits::new()));
}

//! The limits of keys, on a manual clock: what the header fields tell, and what is refused.

use std::time::Duration;

use serde_json::json;
use steadfast_clock::{ManualClock, shared};
use steadfast_testkit::{LlmLimits, LlmSim};

use crate::client::{Answer, ask, post};

use super::{CHAT, MESSAGES, RESPONSES, question, with};

async fn sim(clock: &ManualClock, limits: LlmLimits) -> LlmSim {
    let builder = LlmSim::builder().answer("Hi, you.").cached_tokens(1);
    builder.timer(shared(clock.clone())).wall(clock.clone()).limits(limits).start().await.unwrap()
}

async fn put(sim: &LlmSim, path: &str, key: &str) -> Answer {
    let headers = [("anthropic-version", "2023-06-01"), ("authorization", &format!("Bearer {key}"))];
    ask(sim.addr(), &post(path, &headers, &question(path).to_string())).await
}

#[tokio::test]
async fn openai_tells_durations() {
    let clock = ManualClock::new();
    let sim = sim(&clock, LlmLimits::new().requests_per_minute(60).tokens_per_minute(600)).await;
    let answer = put(&sim, CHAT, "a").await;
    let told = |answer: &Answer, kind: &str| {
        let field = |what: &str| answer.header(&format!("x-ratelimit-{what}-{kind}")).unwrap().to_owned();
        [field("limit"), field("remaining"), field("reset")]
    };
    assert_eq!(told(&answer, "requests"), ["60", "59", "1s"]);
    assert_eq!(told(&answer, "tokens"), ["600", "589", "1.1s"]);
    clock.advance(Duration::from_millis(500));
    let answer = put(&sim, RESPONSES, "a").await;
    assert_eq!(told(&answer, "requests"), ["60", "58", "1.5s"]);
    assert_eq!(told(&answer, "tokens"), ["600", "587", "1.3s"]);
    assert_eq!(told(&put(&sim, CHAT, "b").await, "requests"), ["60", "59", "1s"]);
    clock.advance(Duration::from_secs(60));
    assert_eq!(told(&put(&sim, CHAT, "a").await, "requests"), ["60", "59", "1s"]);
}

#[tokio::test]
async fn openai_refuses_what_is_beyond() {
    let clock = ManualClock::new();
    let sim = sim(&clock, LlmLimits::new().requests_per_minute(2).tokens_per_minute(18)).await;
    assert_eq!(put(&sim, CHAT, "a").await.status, 200);
    let answer = put(&sim, CHAT, "a").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("14")));
    assert_eq!(answer.header("x-ratelimit-remaining-tokens"), Some("7"));
    assert_eq!(answer.header("x-ratelimit-remaining-requests"), Some("1"));
    let error = &answer.json()["error"];
    assert_eq!((&error["type"], &error["code"]), (&json!("tokens"), &json!("rate_limit_exceeded")));
    assert_eq!(
        error["message"],
        "Rate limit reached for gpt-sim in organization org-sim on tokens per min (TPM): Limit 18, Used 11, Requested 11. \
         Please try again in 13.334s."
    );
    clock.advance(Duration::from_secs(14));
    assert_eq!(put(&sim, CHAT, "a").await.status, 200);
    let body = with(CHAT, json!({ "messages": [{ "role": "user", "content": "x ".repeat(20) }] }));
    let answer = ask(sim.addr(), &post(CHAT, &[], &body.to_string())).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, None));
    assert!(answer.json()["error"]["message"].as_str().unwrap().starts_with("Request too large"));
}

#[tokio::test]
async fn anthropic_tells_dates() {
    let clock = ManualClock::new();
    let limits = LlmLimits::new().requests_per_minute(2).input_tokens_per_minute(60).output_tokens_per_minute(30);
    let sim = sim(&clock, limits).await;
    let answer = put(&sim, MESSAGES, "a").await;
    let told = |kind: &str| {
        let field = |what: &str| answer.header(&format!("anthropic-ratelimit-{kind}-{what}")).unwrap().to_owned();
        [field("limit"), field("remaining"), field("reset")]
    };
    assert_eq!(told("requests"), ["2", "1", "2026-01-01T00:00:30Z"]);
    // Six tokens, of which one was read from the cache.
    assert_eq!(told("input-tokens"), ["60", "55", "2026-01-01T00:00:05Z"]);
    assert_eq!(told("output-tokens"), ["30", "26", "2026-01-01T00:00:08Z"]);
    assert_eq!(told("tokens"), ["90", "81", "2026-01-01T00:00:08Z"]);
    assert_eq!(put(&sim, MESSAGES, "a").await.status, 200);
    let answer = put(&sim, MESSAGES, "a").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("30")));
    let error = &answer.json()["error"];
    assert_eq!(error["type"], "rate_limit_error");
    assert!(error["message"].as_str().unwrap().contains("rate limit of 2 requests per minute"));
}

#[tokio::test]
async fn without_limits_nothing_is_told() {
    let sim = LlmSim::builder().start().await.unwrap();
    let answer = put(&sim, CHAT, "a").await;
    assert!(answer.headers.iter().all(|(name, _)| !name.contains("ratelimit")));
}

//! The Anthropic-shaped provider.

use serde_json::{Value, json};
use steadfast_testkit::{LlmSim, Matcher, Reply, Script, Vendor};

use crate::client::{Answer, End, addr_of, ask, post};

const PATH: &str = "/v1/messages";

fn question() -> Value {
    json!({ "model": "claude-sim", "max_tokens": 64, "messages": [{ "role": "user", "content": "Hello there!" }] })
}

fn with(name: &str, value: Value) -> Value {
    let mut question = question();
    question[name] = value;
    question
}

async fn put(sim: &LlmSim, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("anthropic-version", "2023-06-01")];
    ask(addr_of(sim.anthropic_url()), &post(PATH, &headers, &body.to_string())).await
}

/// Name and data of every event, in order.
fn events(answer: &Answer) -> Vec<(String, Value)> {
    let text = answer.text();
    assert!(text.ends_with("\n\n"));
    let event = |event: &str| {
        let (name, data) = event.split_once('\n').unwrap();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        let name = name.strip_prefix("event: ").unwrap().to_owned();
        assert_eq!(data["type"], name);
        (name, data)
    };
    text.split_terminator("\n\n").map(event).collect()
}

#[tokio::test]
async fn a_plain_answer_has_all_fields() {
    let sim = LlmSim::builder().answer("Hi, you.").start().await.unwrap();
    let answer = put(&sim, &with("system", json!("Be brief."))).await;
    assert_eq!((answer.status, answer.header("request-id")), (200, Some("req_sim000000000001")));
    let body = answer.json();
    assert_eq!(
        (&body["type"], &body["role"], &body["model"]),
        (&json!("message"), &json!("assistant"), &json!("claude-sim"))
    );
    assert_eq!(body["content"], json!([{ "type": "text", "text": "Hi, you." }]));
    assert_eq!((&body["stop_reason"], &body["stop_sequence"]), (&json!("end_turn"), &Value::Null));
    assert_eq!((&body["usage"]["input_tokens"], &body["usage"]["output_tokens"]), (&json!(9), &json!(4)));
    assert_eq!((sim.requests(Vendor::OpenAi), sim.requests(Vendor::Anthropic)), (0, 1));
}

#[tokio::test]
async fn a_stream_is_the_named_events_in_order() {
    let sim = LlmSim::builder().answer("Hi, you.").start().await.unwrap();
    let answer = put(&sim, &with("stream", json!(true))).await;
    assert_eq!((answer.status, answer.end), (200, End::Complete));
    assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"));
    let events = events(&answer);
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    let delta = "content_block_delta";
    let expected = ["message_start", "content_block_start", "ping", delta, delta, delta, delta];
    assert_eq!(names, [&expected[..], &["content_block_stop", "message_delta", "message_stop"]].concat());
    let message = &events[0].1["message"];
    assert_eq!((&message["content"], &message["stop_reason"]), (&json!([]), &Value::Null));
    assert_eq!(message["usage"]["input_tokens"], 6);
    let text =
        |(name, data): &(String, Value)| (name == delta).then(|| data["delta"]["text"].as_str().unwrap().to_owned());
    assert_eq!(events.iter().filter_map(text).collect::<String>(), "Hi, you.");
    let end = &events[8].1;
    assert_eq!(end["delta"], json!({ "stop_reason": "end_turn", "stop_sequence": null }));
    assert_eq!(end["usage"]["output_tokens"], 4);
}

#[tokio::test]
async fn limits_cut_the_answer() {
    let sim = LlmSim::builder().answer("one two three four").start().await.unwrap();
    let check = async |name: &str, limit: Value, said: Value, reason: &str, stop: Value| {
        let body = put(&sim, &with(name, limit)).await.json();
        assert_eq!(body["content"].get(0).map_or(Value::Null, |block| block["text"].clone()), said);
        assert_eq!((&body["stop_reason"], &body["stop_sequence"]), (&json!(reason), &stop));
    };
    check("max_tokens", json!(2), json!("one two"), "max_tokens", Value::Null).await;
    check("max_tokens", json!(0), Value::Null, "max_tokens", Value::Null).await;
    check("stop_sequences", json!(["three"]), json!("one two "), "stop_sequence", json!("three")).await;
    let mut nothing = with("max_tokens", json!(0));
    nothing["stream"] = json!(true);
    let names: Vec<String> = events(&put(&sim, &nothing).await).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["message_start", "ping", "message_delta", "message_stop"]);
}

#[tokio::test]
async fn what_anthropic_refuses_is_refused() {
    let sim = LlmSim::builder().start().await.unwrap();
    let check = async |body: Value, about: &str| {
        let answer = put(&sim, &body).await;
        let error = answer.json();
        assert_eq!((answer.status, &error["type"]), (400, &json!("error")), "{body}");
        assert_eq!(error["error"]["type"], "invalid_request_error");
        assert!(error["request_id"].is_string());
        assert!(error["error"]["message"].as_str().unwrap().starts_with(about), "{error}");
    };
    check(json!({}), "model").await;
    check(json!({ "model": "m" }), "max_tokens").await;
    check(json!({ "model": "m", "max_tokens": 1 }), "messages").await;
    check(with("messages", json!([])), "messages").await;
    check(with("messages", json!([{ "role": "system", "content": "x" }])), "messages.0.role").await;
    check(with("messages", json!([{ "role": "user", "content": "" }])), "messages.0.content").await;
    check(with("max_tokens", json!(-1)), "max_tokens").await;
    check(with("temperature", json!(1.5)), "temperature").await;
    check(with("stream", json!(1)), "stream").await;
    check(with("system", json!(1)), "system").await;
    check(with("stop_sequences", json!("x")), "stop_sequences").await;
    let answer = ask(sim.addr(), &post(PATH, &[], &question().to_string())).await;
    assert_eq!(answer.json()["error"]["message"], "anthropic-version: header is required");
}

#[tokio::test]
async fn keys_are_checked_where_required() {
    let sim = LlmSim::builder().require_key("sk-right").start().await.unwrap();
    let ask_with = async |name: &str, value: &str| {
        let headers = [("anthropic-version", "2023-06-01"), (name, value)];
        let answer = ask(sim.addr(), &post(PATH, &headers, &question().to_string())).await;
        (answer.status, answer.json()["error"]["type"].clone())
    };
    assert_eq!(ask_with("x-other", "").await, (401, json!("authentication_error")));
    assert_eq!(ask_with("x-api-key", "sk-wrong").await, (401, json!("authentication_error")));
    assert_eq!(ask_with("x-api-key", "sk-right").await, (200, Value::Null));
    assert_eq!(ask_with("authorization", "Bearer sk-right").await, (200, Value::Null));
}

#[tokio::test]
async fn faults_are_worded_by_the_vendor() {
    let kinds = [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ];
    for (status, kind) in kinds {
        let script = Script::new().when(Matcher::new().provider("anthropic"), 1, Reply::status(status));
        let sim = LlmSim::builder().faults(script).start().await.unwrap();
        let answer = put(&sim, &question()).await;
        let body = answer.json();
        assert_eq!((answer.status, &body["error"]["type"]), (status, &json!(kind)));
        assert_eq!(body["request_id"].as_str(), answer.header("request-id"));
        assert_eq!(put(&sim, &question()).await.status, 200);
    }
}

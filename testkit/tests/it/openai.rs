//! The OpenAI-shaped provider.

use serde_json::{Value, json};
use steadfast_testkit::{LlmSim, Matcher, Reply, Script, Vendor};

use crate::client::{Answer, End, addr_of, ask, get, post};

const PATH: &str = "/v1/chat/completions";

fn question() -> Value {
    json!({ "model": "gpt-sim", "messages": [{ "role": "user", "content": "Hello there!" }] })
}

fn with(name: &str, value: Value) -> Value {
    let mut question = question();
    question[name] = value;
    question
}

async fn put(sim: &LlmSim, body: &Value) -> Answer {
    assert!(sim.openai_url().ends_with("/v1"));
    ask(addr_of(sim.openai_url()), &post(PATH, &[("content-type", "application/json")], &body.to_string())).await
}

/// The data of every event, in order.
fn events(answer: &Answer) -> Vec<String> {
    let text = answer.text();
    assert!(text.ends_with("\n\n"));
    text.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_plain_answer_has_all_fields() {
    let sim = LlmSim::builder().answer("Hi, you.").start().await.unwrap();
    let answer = put(&sim, &question()).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(answer.header("x-request-id"), Some("req_sim000000000001"));
    let body = answer.json();
    assert_eq!(body["object"], "chat.completion");
    assert_eq!(body["model"], "gpt-sim");
    assert!(body["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert_eq!(
        body["choices"][0]["message"],
        json!({
            "role": "assistant", "content": "Hi, you.", "refusal": null, "annotations": []
        })
    );
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    let usage = &body["usage"];
    assert_eq!((&usage["prompt_tokens"], &usage["completion_tokens"]), (&json!(7), &json!(4)));
    assert_eq!(usage["total_tokens"], 11);
    assert_eq!((sim.requests(Vendor::OpenAi), sim.requests(Vendor::Anthropic)), (1, 0));
    assert_eq!(sim.seen()[0].json(), Some(question()));
}

#[tokio::test]
async fn a_stream_is_role_tokens_reason_usage_done() {
    let sim = LlmSim::builder().answer("Hi, you.").start().await.unwrap();
    let mut question = with("stream", json!(true));
    question["stream_options"] = json!({ "include_usage": true });
    let answer = put(&sim, &question).await;
    assert_eq!((answer.status, answer.end), (200, End::Complete));
    assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"));
    let mut events = events(&answer);
    assert_eq!(events.pop().unwrap(), "[DONE]");
    let chunks: Vec<Value> = events.iter().map(|event| serde_json::from_str(event).unwrap()).collect();
    assert!(chunks.iter().all(|chunk| chunk["object"] == "chat.completion.chunk" && chunk["id"] == chunks[0]["id"]));
    let (usage, rest) = chunks.split_last().unwrap();
    assert_eq!(usage["choices"], json!([]));
    assert_eq!(usage["usage"]["completion_tokens"], 4);
    assert!(rest.iter().all(|chunk| chunk["usage"] == Value::Null && chunk.get("usage").is_some()));
    assert_eq!(rest[0]["choices"][0]["delta"]["role"], "assistant");
    let (last, deltas) = rest[1..].split_last().unwrap();
    assert_eq!(last["choices"][0], json!({ "index": 0, "delta": {}, "logprobs": null, "finish_reason": "stop" }));
    let said: String = deltas.iter().map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().unwrap()).collect();
    assert_eq!((said.as_str(), deltas.len()), ("Hi, you.", 4));
    assert!(deltas.iter().all(|chunk| chunk["obfuscation"].is_string()));
}

#[tokio::test]
async fn a_stream_without_options_has_no_usage() {
    let sim = LlmSim::builder().start().await.unwrap();
    let answer = put(&sim, &with("stream", json!(true))).await;
    assert!(!answer.text().contains("usage"));
    assert!(events(&answer).len() > 25);
}

#[tokio::test]
async fn limits_cut_the_answer() {
    let sim = LlmSim::builder().answer("one two three four").start().await.unwrap();
    let check = async |name: &str, limit: Value, said: &str, reason: &str| {
        let choice = &put(&sim, &with(name, limit)).await.json()["choices"][0];
        assert_eq!((&choice["message"]["content"], &choice["finish_reason"]), (&json!(said), &json!(reason)));
    };
    check("max_tokens", json!(2), "one two", "length").await;
    check("max_completion_tokens", json!(3), "one two three", "length").await;
    check("max_tokens", json!(4), "one two three four", "stop").await;
    check("stop", json!(" two"), "one", "stop").await;
    check("stop", json!(["four", "three"]), "one two ", "stop").await;
}

#[tokio::test]
async fn what_openai_refuses_is_refused() {
    let sim = LlmSim::builder().start().await.unwrap();
    let check = async |body: Value, param: Value| {
        let answer = put(&sim, &body).await;
        let error = &answer.json()["error"];
        assert_eq!((answer.status, &error["type"]), (400, &json!("invalid_request_error")), "{body}");
        assert_eq!(error["param"], param, "{body}");
        assert!(error["message"].is_string() && error.get("code").is_some());
    };
    check(json!({ "messages": [] }), Value::Null).await;
    check(json!({ "model": "m" }), json!("messages")).await;
    check(with("messages", json!([])), json!("messages")).await;
    check(with("messages", json!("hi")), json!("messages")).await;
    check(with("messages", json!([{ "role": "robot", "content": "x" }])), json!("messages[0].role")).await;
    check(with("messages", json!([{ "role": "user" }])), json!("messages[0].content")).await;
    check(with("max_tokens", json!(0)), json!("max_tokens")).await;
    check(with("n", json!(2)), json!("n")).await;
    check(with("temperature", json!(3)), json!("temperature")).await;
    check(with("stream", json!("yes")), json!("stream")).await;
    check(with("stream_options", json!({})), json!("stream_options")).await;
    let answer = ask(sim.addr(), &post(PATH, &[], "{")).await;
    assert_eq!(answer.status, 400);
    assert_eq!(ask(sim.addr(), &get(PATH)).await.status, 405);
    assert_eq!(ask(sim.addr(), &post("/v1/nothing", &[], "{}")).await.status, 404);
}

#[tokio::test]
async fn keys_are_checked_where_required() {
    let sim = LlmSim::builder().require_key("sk-right").start().await.unwrap();
    let ask_with = async |headers: &[(&str, &str)]| {
        let answer = ask(sim.addr(), &post(PATH, headers, &question().to_string())).await;
        (answer.status, answer.json()["error"]["code"].clone())
    };
    assert_eq!(ask_with(&[]).await, (401, json!("invalid_api_key")));
    assert_eq!(ask_with(&[("authorization", "Bearer sk-wrong")]).await, (401, json!("invalid_api_key")));
    assert_eq!(ask_with(&[("authorization", "Bearer sk-right")]).await, (200, Value::Null));
}

#[tokio::test]
async fn faults_come_first_and_are_worded_by_the_vendor() {
    let openai = || Matcher::new().provider("openai");
    let script = Script::new()
        .when(openai(), 1, Reply::status(503))
        .when(openai(), 1, Reply::status(429).header("retry-after", "1"))
        .when(openai(), 1, Reply::status(500).body("plain"))
        .when(openai(), 1, Reply::close())
        .when(openai(), 1, Reply::pass().truncate_after(20).header("x-extra", "1"));
    let sim = LlmSim::builder().faults(script).start().await.unwrap();
    let first = put(&sim, &question()).await;
    assert_eq!((first.status, &first.json()["error"]["type"]), (503, &json!("server_error")));
    assert!(first.header("x-request-id").is_some());
    let second = put(&sim, &question()).await;
    assert_eq!((second.status, second.header("retry-after")), (429, Some("1")));
    assert_eq!(second.json()["error"]["code"], "rate_limit_exceeded");
    assert_eq!(put(&sim, &question()).await.text(), "plain");
    let mut client = crate::client::Client::dial(sim.addr()).await;
    client.send(post(PATH, &[], &question().to_string()).as_bytes()).await;
    assert_eq!(client.answer().await.unwrap_err(), End::Closed);
    let cut = put(&sim, &question()).await;
    assert_eq!((cut.status, cut.body.len(), cut.end), (200, 20, End::Closed));
    assert_eq!(cut.header("x-extra"), Some("1"));
    assert_eq!(put(&sim, &question()).await.status, 200);
    assert_eq!(sim.requests(Vendor::OpenAi), 6);
}

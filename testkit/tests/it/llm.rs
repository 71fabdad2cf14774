//! The simulated providers beyond plain answers: tools, reasoning, Responses, embeddings, models and limits.

mod embeddings;
mod limits;
mod models;
mod responses;
mod resume;
mod tools;
mod usage;

use serde_json::{Value, json};
use steadfast_testkit::LlmSim;

use crate::client::{Answer, Client, ask, post};

pub(crate) const CHAT: &str = "/v1/chat/completions";
pub(crate) const RESPONSES: &str = "/v1/responses";
pub(crate) const MESSAGES: &str = "/v1/messages";

/// A question to each of the three APIs.
pub(crate) fn question(path: &str) -> Value {
    match path {
        RESPONSES => json!({ "model": "gpt-sim", "input": "Hello there!" }),
        MESSAGES => {
            json!({ "model": "m", "max_tokens": 2048, "messages": [{ "role": "user", "content": "Hello there!" }] })
        }
        _ => json!({ "model": "gpt-sim", "messages": [{ "role": "user", "content": "Hello there!" }] }),
    }
}

/// The question with more members.
pub(crate) fn with(path: &str, more: Value) -> Value {
    let mut question = question(path);
    let Value::Object(more) = more else { panic!("members") };
    question.as_object_mut().unwrap().extend(more);
    question
}

pub(crate) async fn put(sim: &LlmSim, path: &str, body: &Value) -> Answer {
    ask(sim.addr(), &post(path, &[("anthropic-version", "2023-06-01")], &body.to_string())).await
}

pub(crate) async fn fetch(sim: &LlmSim, path: &str, headers: &[(&str, &str)]) -> Answer {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let mut client = Client::dial(sim.addr()).await;
    client.send(format!("GET {path} HTTP/1.1\r\nhost: test\r\n{lines}\r\n").as_bytes()).await;
    client.answer().await.unwrap()
}

/// The data of every event that is JSON, in order. Where events have names, the data repeats them.
pub(crate) fn events(answer: &Answer) -> Vec<Value> {
    let text = answer.text();
    let mut events = Vec::new();
    for event in text.split_terminator("\n\n") {
        let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        let Ok(data) = serde_json::from_str::<Value>(data) else { continue };
        if let Some(name) = event.lines().find_map(|line| line.strip_prefix("event: ")) {
            assert_eq!(data["type"], name);
        }
        events.push(data);
    }
    events
}

/// What is wrong with a request: the message of the error.
pub(crate) async fn refused(sim: &LlmSim, path: &str, body: &Value) -> String {
    let answer = put(sim, path, body).await;
    assert_eq!(answer.status, 400, "{body}");
    answer.json()["error"]["message"].as_str().unwrap().to_owned()
}

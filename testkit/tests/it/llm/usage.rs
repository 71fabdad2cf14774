//! Cached and reasoning tokens, as each API counts them.

use serde_json::{Value, json};
use steadfast_testkit::LlmSim;

use super::{CHAT, MESSAGES, RESPONSES, events, put, question, with};

#[tokio::test]
async fn tokens_are_counted_as_each_vendor_does() {
    let builder = LlmSim::builder().answer("Hi, you.").cached_tokens(2).cache_write_tokens(1).reasoning_tokens(5);
    let sim = builder.start().await.unwrap();
    let chat = put(&sim, CHAT, &question(CHAT)).await.json()["usage"].clone();
    assert_eq!((&chat["prompt_tokens"], &chat["completion_tokens"]), (&json!(7), &json!(9)));
    assert_eq!(chat["prompt_tokens_details"]["cached_tokens"], 2);
    assert_eq!(chat["prompt_tokens_details"]["cache_write_tokens"], 1);
    assert_eq!(chat["completion_tokens_details"]["reasoning_tokens"], 5);
    let responses = put(&sim, RESPONSES, &question(RESPONSES)).await.json()["usage"].clone();
    assert_eq!((&responses["input_tokens"], &responses["output_tokens"]), (&json!(3), &json!(9)));
    assert_eq!(responses["input_tokens_details"], json!({ "cached_tokens": 2, "cache_write_tokens": 1 }));
    assert_eq!(responses["output_tokens_details"], json!({ "reasoning_tokens": 5 }));
    let messages = put(&sim, MESSAGES, &question(MESSAGES)).await.json()["usage"].clone();
    assert_eq!((&messages["input_tokens"], &messages["output_tokens"]), (&json!(3), &json!(9)));
    assert_eq!(messages["cache_read_input_tokens"], 2);
    assert_eq!(messages["cache_creation_input_tokens"], 1);
    assert_eq!(messages["output_tokens_details"]["thinking_tokens"], 5);
}

#[tokio::test]
async fn a_stream_counts_as_a_whole_answer_does() {
    let sim = LlmSim::builder().cached_tokens(2).reasoning("Hm.").start().await.unwrap();
    let same = async |path: &str, more: Value, find: fn(&[Value]) -> Value| {
        let whole = put(&sim, path, &with(path, more.clone())).await.json()["usage"].clone();
        let mut body = with(path, more);
        body["stream"] = json!(true);
        if path == CHAT {
            body["stream_options"] = json!({ "include_usage": true });
        }
        assert_eq!(find(&events(&put(&sim, path, &body).await)), whole, "{path}");
    };
    same(CHAT, json!({ "reasoning_effort": "low" }), |events| events.last().unwrap()["usage"].clone()).await;
    same(RESPONSES, json!({ "reasoning": { "summary": "auto" } }), |events| {
        events.last().unwrap()["response"]["usage"].clone()
    })
    .await;
    same(MESSAGES, json!({ "thinking": { "type": "adaptive" } }), |events| {
        let mut usage = events[0]["message"]["usage"].clone();
        let last = events.iter().find(|event| event["type"] == "message_delta").unwrap();
        usage.as_object_mut().unwrap().extend(last["usage"].as_object().unwrap().clone());
        usage
    })
    .await;
}

#[tokio::test]
async fn padding_hides_the_length_of_tokens() {
    let sim = LlmSim::builder().answer("a bb ccc dddd").start().await.unwrap();
    let answer = put(&sim, MESSAGES, &with(MESSAGES, json!({ "stream": true }))).await.text();
    let lengths: Vec<usize> = answer
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter(|data| data.contains("_delta\""))
        .map(str::len)
        .collect();
    assert!(lengths.len() > 4 && lengths.iter().all(|length| length % 16 == 0), "{lengths:?}");
}

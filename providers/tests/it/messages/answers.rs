//! What answers come to, whole and streamed.

use serde_json::{Value, json};
use steadfast_providers::{Api, ErrorKind, Event, Finish, Message, Other, Part, Provider, Role, ToolCall, Usage};
use steadfast_testkit::Reply as Answer;

use super::{event, served, start, stop, streamed, whole};

/// All of a stream but its attempts, for comparison.
fn bare(mut reply: steadfast_providers::Reply) -> steadfast_providers::Reply {
    reply.attempts.clear();
    reply
}

#[expect(clippy::needless_pass_by_value, reason = "callers write json!(…) in place")]
fn begins(index: u32, block: Value) -> Value {
    json!({ "type": "content_block_start", "index": index, "content_block": block })
}

#[expect(clippy::needless_pass_by_value, reason = "callers write json!(…) in place")]
fn goes_on(index: u32, delta: Value) -> Value {
    json!({ "type": "content_block_delta", "index": index, "delta": delta })
}

fn ends(index: u32) -> Value {
    json!({ "type": "content_block_stop", "index": index })
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn between(middle: impl IntoIterator<Item = Value>) -> Vec<Value> {
    [start()].into_iter().chain(middle).chain(stop()).collect()
}

#[tokio::test]
async fn all_that_an_answer_is_made_of() {
    let search =
        json!({ "type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": { "query": "bees" } });
    let content = json!([
        { "type": "thinking", "thinking": "hm", "signature": "sig" },
        { "type": "redacted_thinking", "data": "enc" },
        text("One "), text(""), text("two."),
        search,
        { "type": "tool_use", "id": "t-1", "name": "find", "input": { "b": 1, "a": [2.50] } },
        { "type": "from_the_future", "x": [1] },
        "odd",
    ]);
    let rest = json!({ "stop_reason": "tool_use", "stop_sequence": null, "container": { "id": "c" }, "usage": {
        "input_tokens": 3, "cache_creation_input_tokens": 10, "cache_read_input_tokens": 20, "output_tokens": 9,
        "cache_creation": { "ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 6 }, "service_tier": "priority",
        "output_tokens_details": { "thinking_tokens": 5 },
    } });
    let reply = whole(&content, &rest).await;
    assert_eq!((reply.text(), reply.reasoning().as_deref()), ("One two.".into(), Some("hm")));
    let calls: Vec<_> = reply.tool_calls().collect();
    assert_eq!(calls, [&ToolCall::new("t-1", "find", r#"{"a":[2.5],"b":1}"#)]);
    let others = reply.message.parts.iter().filter_map(|part| match part {
        Part::Other(other) => Some(other.clone()),
        _ => None,
    });
    let others: Vec<Other> = others.collect();
    let of = |value: &Value| Other::new(Api::Messages, value.clone());
    assert_eq!(others, [of(&search), of(&json!({ "type": "from_the_future", "x": [1] }))]);
    assert_eq!(reply.usage, Usage::new(33, 20, 10, 9, 5));
    assert_eq!((reply.finish, reply.model.as_str(), reply.id.as_deref()), (Finish::ToolUse, "claude-y", Some("msg_1")));
    let extra = json!({ "container": { "id": "c" }, "service_tier": "priority",
                        "cache_creation": { "ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 6 } });
    assert_eq!(Value::from(reply.extra), extra);
}

#[tokio::test]
async fn reasons_have_the_same_words_everywhere() {
    for (reason, finish) in [
        (json!("end_turn"), Finish::Stop),
        (json!("stop_sequence"), Finish::Stop),
        (json!("max_tokens"), Finish::Length),
        (json!("model_context_window_exceeded"), Finish::Length),
        (json!("tool_use"), Finish::ToolUse),
        (json!("refusal"), Finish::Refusal),
        (json!("pause_turn"), Finish::Other("pause_turn".into())),
        (json!(null), Finish::Unknown),
    ] {
        let details = json!({ "type": "refusal", "category": "cyber" });
        let rest = json!({ "stop_reason": reason, "stop_details": details });
        let plain = whole(&json!([]), &rest).await;
        let delta = json!({ "type": "message_delta", "delta": rest });
        let other = streamed(&[start(), delta, json!({ "type": "message_stop" })]).await.unwrap();
        assert_eq!((&plain.finish, &other.finish), (&finish, &finish));
        assert_eq!((&plain.extra["stop_details"], &other.extra["stop_details"]), (&details, &details));
    }
}

#[tokio::test]
async fn citations_say_what_they_are_of() {
    let (page, line) = (json!({ "type": "page_location", "page": 7 }), json!({ "type": "char_location", "n": 1 }));
    let content = json!([text("Bees hum. "), { "type": "text", "text": "They do.", "citations": [page, line] }]);
    let usage = json!({ "usage": { "input_tokens": 3, "output_tokens": 9 } });
    let plain = whole(&content, &usage).await;
    let expected = json!([{ "start": 10, "end": 18, "citation": page }, { "start": 10, "end": 18, "citation": line }]);
    assert_eq!(plain.extra["citations"], expected);
    let events = between([
        begins(0, text("Bees hum. ")),
        ends(0),
        begins(1, json!({ "type": "text", "text": "", "citations": [page] })),
        goes_on(1, json!({ "type": "text_delta", "text": "They do." })),
        goes_on(1, json!({ "type": "citations_delta", "citation": line })),
        ends(1),
    ]);
    assert_eq!(bare(streamed(&events).await.unwrap()), bare(plain));
}

#[tokio::test]
async fn blocks_may_be_written_side_by_side() {
    let tool = |id: &str| json!({ "type": "tool_use", "id": id, "name": "f", "input": {} });
    let json = |text: &str| json!({ "type": "input_json_delta", "partial_json": text });
    let events = between([
        begins(0, tool("a")),
        begins(1, tool("b")),
        goes_on(1, json("{\"x\"")),
        goes_on(0, json("{\"y\":")),
        goes_on(1, json(": Paris}")),
        ends(1),
        goes_on(0, json("1}")),
        ends(0),
        begins(2, tool("c")),
        goes_on(2, json("")),
        ends(2),
        // Begins whole, and never ends.
        begins(3, json!({ "type": "tool_use", "id": "d", "name": "g", "input": { "z": 1 } })),
    ]);
    let reply = streamed(&events).await.unwrap();
    let calls: Vec<_> = reply.tool_calls().map(|call| (call.id.as_str(), call.arguments.as_str())).collect();
    assert_eq!(calls, [("a", "{\"y\":1}"), ("b", "{\"x\": Paris}"), ("c", "{}"), ("d", "{\"z\":1}")]);
    assert!(reply.tool_calls().nth(1).unwrap().input().is_err());
}

#[tokio::test]
async fn the_model_is_the_one_that_answered() {
    let moved = |to: &str| json!({ "type": "fallback", "from": { "model": "claude-y" }, "to": { "model": to } });
    let plain = whole(&json!([moved("claude-z"), text("a")]), &json!({})).await;
    assert_eq!(plain.model, "claude-z");
    assert_eq!(plain.message.parts[0], Part::Other(Other::new(Api::Messages, moved("claude-z"))));
    let events = between([begins(0, moved("claude-z")), ends(0), begins(1, text("a")), ends(1)]);
    let (_server, client) = served(Answer::sse(events.iter().map(event).collect::<Vec<_>>())).await;
    let mut stream = client.stream(steadfast_providers::Call::new("q")).await.unwrap();
    let first = stream.next().await.unwrap().unwrap();
    assert_eq!(first, Event::start("anthropic", "claude-z", Some("msg_1".into())), "and told before anything else");
    assert_eq!(stream.collect().await.unwrap().message, plain.message);
    // In the middle of an answer it is told again.
    let events = between([begins(0, text("a")), ends(0), begins(1, moved("claude-z")), ends(1)]);
    assert_eq!(streamed(&events).await.unwrap().model, "claude-z");
}

#[tokio::test]
async fn the_providers_own_tools_come_whole() {
    let block = json!({ "type": "server_tool_use", "id": "s", "name": "web_search", "input": {} });
    let events = between([
        begins(0, block.clone()),
        goes_on(0, json!({ "type": "input_json_delta", "partial_json": "{\"query\":" })),
        goes_on(0, json!({ "type": "input_json_delta", "partial_json": "\"bees\"}" })),
        ends(0),
        begins(1, json!({ "type": "from_the_future", "text": "a" })),
        goes_on(1, json!({ "type": "text_delta", "text": "b" })),
        goes_on(1, json!({ "type": "delta_from_the_future", "text": { "odd": true } })),
        ends(1),
    ]);
    let reply = streamed(&events).await.unwrap();
    let mut asked = block;
    asked["input"] = json!({ "query": "bees" });
    let expected = [asked, json!({ "type": "from_the_future", "text": "ab" })];
    let expected = expected.map(|value| Part::Other(Other::new(Api::Messages, value)));
    assert_eq!(reply.message, Message::of(Role::Assistant, expected));
    assert_eq!(reply.text(), "");
}

#[tokio::test]
async fn a_peer_cannot_have_everything_kept() {
    let blocks = (0..2000).map(|index| begins(index, text("")));
    let error = streamed(&between(blocks)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.to_string().contains("1024 blocks"), "{error}");
    let padding = "x".repeat(1 << 20);
    let piece = json!({ "type": "input_json_delta", "partial_json": padding });
    let other = json!({ "type": "server_tool_use", "input": {} });
    let endless = [begins(0, other)].into_iter().chain((0..40).map(|_| goes_on(0, piece.clone())));
    let error = streamed(&between(endless)).await.unwrap_err();
    assert!(error.to_string().contains("wait for the end"), "{error}");
}

#[tokio::test]
async fn odd_events_cost_nothing() {
    let odd = [
        json!({ "type": "ping" }),
        json!({ "type": "from_the_future", "index": "x" }),
        ends(9),
        goes_on(9, json!({ "type": "signature_delta", "signature": "s" })),
        goes_on(9, json!({ "type": "input_json_delta", "partial_json": "{" })),
        goes_on(0, json!({ "type": "thinking_delta", "thinking": null })),
    ];
    let plain = whole(&json!([text("a")]), &json!({ "usage": { "input_tokens": 3, "output_tokens": 9 } })).await;
    let events = between(
        odd.iter()
            .cloned()
            .chain([begins(0, text("")), goes_on(0, json!({ "type": "text_delta", "text": "a" }))])
            .chain(odd.clone()),
    );
    assert_eq!(bare(streamed(&events).await.unwrap()), bare(plain));
}

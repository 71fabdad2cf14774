//! Requests against the vendors' own description of them: names, types and bounds, with no property that it does not have.
//!
//! `cargo xtask interop --schema` makes the fixtures; their comments name the sources.

use std::sync::LazyLock;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::{Value, json};
use steadfast_providers::{Call, Message, Role};
use steadfast_testkit::{Script, Server};

use crate::rig::{Mode, VENDORS, Vendor, ask, rig};

const OPENAI: &str = include_str!("../fixtures/openai_requests.schema.json");
const ANTHROPIC: &str = include_str!("../fixtures/anthropic_requests.schema.json");

static CHAT: LazyLock<Validator> = LazyLock::new(|| of(OPENAI, "chat"));
static CHAT_STREAM: LazyLock<Validator> = LazyLock::new(|| of(OPENAI, "chat_stream"));
static RESPONSES: LazyLock<Validator> = LazyLock::new(|| of(OPENAI, "responses"));
static RESPONSES_STREAM: LazyLock<Validator> = LazyLock::new(|| of(OPENAI, "responses_stream"));
static EMBEDDINGS: LazyLock<Validator> = LazyLock::new(|| of(OPENAI, "embeddings"));
static MESSAGES: LazyLock<Validator> = LazyLock::new(|| of(ANTHROPIC, "messages"));
static MESSAGES_STREAM: LazyLock<Validator> = LazyLock::new(|| of(ANTHROPIC, "messages_stream"));
static MESSAGES_2023: LazyLock<Validator> = LazyLock::new(|| of(ANTHROPIC, "messages_2023"));
static MESSAGES_2023_STREAM: LazyLock<Validator> = LazyLock::new(|| of(ANTHROPIC, "messages_stream_2023"));
static COUNT_TOKENS: LazyLock<Validator> = LazyLock::new(|| of(ANTHROPIC, "count_tokens"));

fn of(vendor: &str, request: &str) -> Validator {
    let defs = serde_json::from_str::<Value>(vendor).unwrap()["$defs"].take();
    let schema = json!({ "$ref": format!("#/$defs/{request}"), "$defs": defs });
    jsonschema::draft202012::new(&schema).unwrap()
}

/// A request to Chat Completions, plain or streamed as it says itself.
pub(crate) fn assert_valid_chat(request: &Value) {
    assert_valid(if is_streamed(request) { &CHAT_STREAM } else { &CHAT }, request);
}

/// A request to Responses, plain or streamed as it says itself.
pub(crate) fn assert_valid_responses(request: &Value) {
    assert_valid(if is_streamed(request) { &RESPONSES_STREAM } else { &RESPONSES }, request);
}

/// A request for embeddings.
pub(crate) fn assert_valid_embeddings(request: &Value) {
    assert_valid(&EMBEDDINGS, request);
}

/// A request to this version of Messages, plain or streamed as it says itself.
pub(crate) fn assert_valid_messages(version: &str, request: &Value) {
    let validator = match (version, is_streamed(request)) {
        ("2023-06-01", false) => &MESSAGES_2023,
        ("2023-06-01", true) => &MESSAGES_2023_STREAM,
        ("2026-10-21", false) => &MESSAGES,
        ("2026-10-21", true) => &MESSAGES_STREAM,
        _ => panic!("Messages has no version {version}"),
    };
    assert_valid(validator, request);
}

/// A request that counts the tokens of one to Messages.
pub(crate) fn assert_valid_count_tokens(request: &Value) {
    assert_valid(&COUNT_TOKENS, request);
}

fn is_streamed(request: &Value) -> bool {
    request["stream"] == json!(true)
}

fn assert_valid(validator: &Validator, request: &Value) {
    let wrong = wrong(validator, request);
    assert!(wrong.is_empty(), "{}\nin {request:#}", wrong.join("\n"));
}

fn wrong(validator: &Validator, request: &Value) -> Vec<String> {
    validator.iter_errors(request).flat_map(|error| told(&error)).collect()
}

/// Where a request is wrong, and how. Of several things that a place could have been, the one that it is nearest to: the
/// alternative that is broken deepest inside.
fn told(error: &ValidationError<'_>) -> Vec<String> {
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) = error.kind() else {
        return vec![format!("{}: {}", error.instance_path(), error.masked())];
    };
    let alternatives = context.iter().map(|alternative| alternative.iter().flat_map(told).collect::<Vec<_>>());
    let depth = |wrong: &Vec<String>| wrong.iter().map(|line| line.matches('/').count()).max();
    alternatives.max_by_key(|wrong| (depth(wrong), std::cmp::Reverse(wrong.len()))).unwrap_or_default()
}

#[test]
fn what_openai_refuses_is_told() {
    let asked = json!({ "model": "m", "messages": [{ "role": "user", "content": "q" }] });
    assert_valid_chat(&asked);
    for (name, value) in [
        ("max_output_tokens", json!(7)),
        ("temperature", json!(2.1)),
        ("top_p", json!("1")),
        ("stop", json!(["a", "b", "c", "d", "e"])),
        ("messages", json!([])),
        ("messages", json!([{ "role": "tool", "content": "no call" }])),
        ("messages", json!([{ "role": "user", "content": [{ "type": "text" }] }])),
        ("tools", json!([{ "type": "function", "function": { "name": "a b" } }])),
        ("response_format", json!({ "type": "json_schema", "schema": {} })),
    ] {
        let mut request = asked.clone();
        request[name] = value;
        assert!(!wrong(&CHAT, &request).is_empty(), "{request}");
    }
    let request = json!({ "model": "m", "messages": [{ "role": "user", "content": "q", "texts": 1 }] });
    let wrong = wrong(&CHAT, &request);
    assert!(wrong.iter().any(|line| line.starts_with("/messages/0") && line.contains("texts")), "{wrong:?}");
}

#[test]
fn what_anthropic_refuses_is_told() {
    let asked = json!({ "model": "m", "max_tokens": 7, "messages": [{ "role": "user", "content": "q" }] });
    assert_valid_messages("2026-10-21", &asked);
    for (name, value) in [
        ("max_tokens", json!(null)),
        ("temperature", json!(0.5)),
        ("max_completion_tokens", json!(7)),
        ("stop_sequences", json!("END")),
        ("messages", json!([{ "role": "tool", "content": "no call" }])),
        ("tools", json!([{ "name": "f" }])),
        ("tool_choice", json!("auto")),
    ] {
        let mut request = asked.clone();
        request[name] = value;
        assert!(!wrong(&MESSAGES, &request).is_empty(), "{request}");
    }
    let mut asked = asked;
    asked["temperature"] = json!(0.5);
    assert_valid_messages("2023-06-01", &asked);
}

#[tokio::test]
async fn what_the_clients_write_is_valid() {
    let conversation = || {
        let said =
            [(Role::User, "Why do bees hum?"), (Role::Assistant, "They do not know the words."), (Role::User, "?")];
        Call::of(said.map(|(role, text)| Message::new(role, text)))
    };
    let calls =
        [Call::new("q"), conversation().system("Be kind.").max_tokens(100).temperature(0.5).stop("\n").stop("END")];
    for vendor in VENDORS {
        let server = Server::start(Script::new().always(vendor.whole("a"))).await.unwrap();
        let rig = rig();
        let client = vendor.client(&rig.pool, server.url());
        for call in &calls {
            for mode in [Mode::Plain, Mode::Stream] {
                // What comes of it does not matter here.
                let _ = ask(&*client, mode, call.clone()).await;
            }
        }
        let seen = server.seen();
        assert_eq!(seen.len(), 4);
        for request in seen {
            let body = request.json().unwrap();
            match vendor {
                Vendor::OpenAi => assert_valid_chat(&body),
                Vendor::Anthropic => {
                    assert_valid_messages(request.headers.get("anthropic-version").unwrap(), &body);
                }
            }
        }
    }
}

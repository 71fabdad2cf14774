//! Answers of many makes, each whole and in pieces.

mod calls;
mod fields;
mod laws;

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::{Value, json};
use steadfast_pool::SseDecoder;

use super::{answer, decode};
use crate::assemble::Assembler;
use crate::family::{Origin, Progress};
use crate::problem::{Fault, Whole};
use crate::{Event, Finish, Part, ToolCall, Vendor};

/// The events of a stream of these chunks.
fn events(chunks: &[Value]) -> Result<Vec<Event>, Fault> {
    let origin = Origin { provider: Arc::from("openai"), model: Arc::from("asked") };
    let (mut decoder, mut out) = (decode::decoder(origin, &Vendor::openai()), VecDeque::new());
    let body: String =
        chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).chain(["data: [DONE]\n\n".into()]).collect();
    let mut sse = SseDecoder::new();
    sse.push(body.as_bytes()).unwrap();
    while let Some(event) = sse.next() {
        if decoder.take(&event, &mut out)? == Progress::Done {
            break;
        }
    }
    if decoder.close(&mut out) { Ok(out.into()) } else { Err(Fault::Truncated) }
}

/// What a stream of these chunks comes to.
fn streamed(chunks: &[Value]) -> Result<Whole, Fault> {
    let events = events(chunks)?;
    assert!(matches!(events[0], Event::Start { .. }) && matches!(events[events.len() - 1], Event::Finish(_)));
    let mut message = Assembler::default();
    let mut extra = serde_json::Map::new();
    let (mut id, mut model, mut usage, mut finish) = (None, None, None, Finish::Unknown);
    for event in events {
        message.note(&event);
        match event {
            Event::Start { model: told, id: named, .. } => {
                (model, id) = (Some(told).filter(|told| told != "asked"), named)
            }
            Event::Extra { name, value } => drop(extra.insert(name, value)),
            Event::Usage(told) => usage = Some(told),
            Event::Finish(told) => finish = told,
            _ => {}
        }
    }
    Ok(Whole { id, model, parts: message.finish().parts, finish, usage, extra })
}

fn whole(answer: &Value) -> Result<Whole, Fault> {
    answer::decode(answer.to_string().as_bytes(), &Vendor::openai())
}

/// A chunk with this delta.
#[expect(clippy::needless_pass_by_value, reason = "callers write json!(…) in place")]
fn chunk(delta: Value) -> Value {
    json!({ "id": "c-1", "model": "m-1", "choices": [{ "index": 0, "delta": delta, "finish_reason": null }] })
}

/// The last chunk.
fn end(reason: &str) -> Value {
    json!({ "id": "c-1", "model": "m-1", "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] })
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    Part::ToolCall(ToolCall::new(id, name, arguments))
}

macro_rules! wire {
    ($name:literal) => {
        include_str!(concat!("../../tests/fixtures/", $name))
    };
}

/// The answers of the API reference; their first line names the source.
const REFERENCE: [&str; 3] = [wire!("openai_completion.txt"), wire!("openai_tools.txt"), wire!("openai_vision.txt")];

#[test]
fn the_answers_of_the_reference_are_understood() {
    let answers = REFERENCE.map(|sample| {
        let (_, answer) = sample.split_once('\n').unwrap();
        answer::decode(answer.as_bytes(), &Vendor::openai()).unwrap()
    });
    let [plain, tools, vision] = answers;
    assert_eq!(plain.parts, [Part::from("Hello! How can I assist you today?")]);
    assert_eq!(
        (plain.id.as_deref(), plain.model.as_deref()),
        (Some("chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT"), Some("gpt-5.4"))
    );
    assert_eq!((plain.finish, plain.usage), (Finish::Stop, Some(crate::Usage::new(19, 0, 0, 10, 0))));
    assert_eq!(Value::Object(plain.extra), json!({ "service_tier": "default" }));
    let weather = call("call_abc123", "get_current_weather", "{\n\"location\": \"Boston, MA\"\n}");
    assert_eq!((tools.parts, tools.finish), (vec![weather], Finish::ToolUse));
    assert!(vision.parts[0].as_text().unwrap().starts_with("The image shows a wooden boardwalk"));
}

#[test]
fn thoughts_refusals_and_parts_have_their_order() {
    let expected = vec![
        Part::from(crate::Reasoning::new("Hm. So.")),
        Part::from("No"),
        Part::Refusal("Not that.".into()),
        call("c", "f", "{}"),
    ];
    for field in ["reasoning", "reasoning_content"] {
        let calls = json!([{ "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } }]);
        let message = json!({ field: "Hm. So.", "content": "No", "refusal": "Not that.", "tool_calls": calls });
        let plain = whole(&json!({ "choices": [{ "message": message, "finish_reason": "stop" }] })).unwrap();
        assert_eq!((plain.parts, plain.finish), (expected.clone(), Finish::Refusal));
        let chunks = [
            chunk(json!({ field: "Hm." })),
            chunk(json!({ field: " So.", "content": "" })),
            chunk(json!({ field: null, "content": "No" })),
            chunk(json!({ "refusal": "Not " })),
            chunk(json!({ "refusal": "that.", "tool_calls": calls })),
            end("stop"),
        ];
        assert_eq!(streamed(&chunks).unwrap().parts, expected);
    }
}

#[test]
fn a_thought_ends_before_what_is_said() {
    let chunks = [chunk(json!({ "reasoning": "Hm" })), chunk(json!({ "content": "a" })), end("stop")];
    let told: Vec<String> = events(&chunks).unwrap().iter().map(|event| format!("{event:?}")).collect();
    assert!(told[1].starts_with("Reasoning(") && told[2].starts_with("ReasoningEnd") && told[3].starts_with("Text("));
}

#[test]
fn contents_may_be_parts() {
    // Mistral's thoughts, and a part that nobody knows.
    let content = json!([{ "type": "thinking", "thinking": [{ "type": "text", "text": "Hm." }] },
                         { "type": "text", "text": "a" }, { "type": "text", "text": "b" },
                         { "type": "reference", "reference_ids": [1] }, "c", {}, 7]);
    let plain = whole(&json!({ "choices": [{ "message": { "content": content }, "finish_reason": "stop" }] })).unwrap();
    let reference =
        crate::Other::new(crate::Api::ChatCompletions, json!({ "type": "reference", "reference_ids": [1] }));
    let expected = [crate::Reasoning::new("Hm.").into(), "ab".into(), reference.into(), "c".into()];
    assert_eq!(plain.parts, expected);
    assert_eq!(streamed(&[chunk(json!({ "content": content })), end("stop")]).unwrap().parts, expected);
}

#[test]
fn one_answer_of_several_is_read() {
    let several = json!({ "choices": [{ "index": 1, "message": { "content": "b" }, "finish_reason": "length" },
                                      { "index": 0, "message": { "content": "a" }, "finish_reason": "stop" }] });
    assert_eq!(whole(&several).unwrap().parts, [Part::from("a")]);
    let unnumbered = json!({ "choices": [{ "delta": { "content": "a" }, "finish_reason": "stop" },
                                         { "delta": { "content": "b" }, "finish_reason": "length" }] });
    let read = streamed(&[unnumbered]).unwrap();
    assert_eq!((read.parts, read.finish), (vec![Part::from("a")], Finish::Stop));
}

#[test]
fn reasons_have_the_same_words_everywhere() {
    let read = |reason: Value, calls: Value| {
        let message = json!({ "content": "x", "tool_calls": calls });
        whole(&json!({ "choices": [{ "message": message, "finish_reason": reason }] })).unwrap().finish
    };
    for (reason, finish) in [
        ("stop", Finish::Stop),
        ("length", Finish::Length),
        ("model_length", Finish::Length),
        ("tool_calls", Finish::ToolUse),
        ("function_call", Finish::ToolUse),
        ("content_filter", Finish::ContentFilter),
        ("insufficient_system_resource", Finish::Other("insufficient_system_resource".into())),
    ] {
        assert_eq!(read(json!(reason), json!([])), finish);
    }
    assert_eq!(read(Value::Null, Value::Null), Finish::Unknown);
    // There are servers that stop to have their tools called.
    assert_eq!(read(json!("stop"), json!([{ "function": { "name": "f" } }])), Finish::ToolUse);
}

#[test]
fn odd_fields_cost_nothing_but_themselves() {
    let odd = json!({
        "id": 7, "model": ["m"], "object": 1.5, "created": "now", "usage": "none", "error": null,
        "choices": [{ "index": "0", "message": { "role": 1, "content": "a", "refusal": {}, "tool_calls": {},
                      "reasoning": { "a": [1] }, "function_call": null }, "finish_reason": "stop", "logprobs": null }],
    });
    let read = whole(&odd).unwrap();
    assert_eq!((read.parts, read.id, read.model, read.usage), (vec![Part::from("a")], None, None, None));
    let strange = json!({ "choices": [{ "delta": [1], "finish_reason": 3 }, 4, null], "usage": [], "id": null });
    assert_eq!(streamed(&[chunk(json!({ "content": "a" })), strange, end("stop")]).unwrap().parts, [Part::from("a")]);
}

#[test]
fn what_is_no_answer_says_so() {
    for body in ["", "7", "[]", "null", "{\"choices\":", "{}", r#"{"choices":[]}"#, r#"{"choices":[{}]}"#, "\u{fffd}"] {
        assert!(matches!(answer::decode(body.as_bytes(), &Vendor::openai()), Err(Fault::Malformed(_))), "{body}");
    }
    assert!(matches!(answer::decode(b"{\"a\":\"\xff\"}", &Vendor::openai()), Err(Fault::Malformed(_))));
}

#[test]
fn errors_within_are_told() {
    let told = |result: Result<Whole, Fault>| match result {
        Err(Fault::Told(problem)) => (problem.message, problem.number),
        other => panic!("{other:?}"),
    };
    let error = json!({ "code": 502, "message": "down" });
    let said = (Some(String::from("down")), Some(502));
    let message = json!({ "content": "half" });
    // OpenRouter's: beside the answer, or within its choice.
    let beside = json!({ "error": error, "choices": [{ "index": 0, "delta": message, "finish_reason": "error" }] });
    let within = json!({ "choices": [{ "message": message, "finish_reason": "error", "error": error }] });
    for body in [&beside, &within] {
        assert_eq!(told(whole(body)), said);
        assert_eq!(told(streamed(std::slice::from_ref(body))), said);
    }
    let mute = json!({ "choices": [{ "message": message, "finish_reason": "error" }] });
    assert_eq!(told(whole(&mute)), (None, None));
}

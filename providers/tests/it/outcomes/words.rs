//! What each API says on the wire: whole answers, streams and errors.

use serde_json::{Value, json};
use steadfast_providers::Api;
use steadfast_testkit::{Reply as Answer, SseEvent};

/// How an answer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Plain,
    Stream,
}

pub(crate) const TEXT: &str = "Größe: 10 µm – 🐝";

/// The arguments of the call of a tool.
pub(crate) const ARGUMENTS: &str = r#"{"city":"Paris"}"#;

/// An answer that says no more than it must.
pub(crate) fn minimal(api: Api, mode: Mode) -> Answer {
    match mode {
        Mode::Plain => Answer::json(200, whole(api)),
        Mode::Stream => {
            let (text, end) = match api {
                Api::ChatCompletions => (
                    json!({ "choices": [{ "delta": { "content": TEXT } }] }),
                    json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] }),
                ),
                Api::Responses => (
                    json!({ "type": "response.output_text.delta", "delta": TEXT }),
                    json!({ "type": "response.completed", "response": {} }),
                ),
                _ => (
                    json!({ "type": "content_block_delta", "delta": { "type": "text_delta", "text": TEXT } }),
                    json!({ "type": "message_stop" }),
                ),
            };
            Answer::sse([event(text), event(end)])
        }
    }
}

/// The body of an answer that says no more than it must.
pub(crate) fn whole(api: Api) -> Value {
    match api {
        Api::ChatCompletions => json!({ "choices": [{ "message": { "content": TEXT } }] }),
        Api::Responses => {
            let part = json!({ "type": "output_text", "text": TEXT });
            json!({ "output": [{ "type": "message", "content": [part] }] })
        }
        _ => json!({ "content": [{ "type": "text", "text": TEXT }] }),
    }
}

/// An event as the API writes it: named by its type where it has one.
#[expect(clippy::needless_pass_by_value, reason = "callers write json!(…) in place")]
pub(crate) fn event(data: Value) -> SseEvent {
    match data["type"].as_str() {
        Some(kind) => SseEvent::named(kind, data.to_string()),
        None => SseEvent::data(data.to_string()),
    }
}

/// The data of a stream that says this text, up to and without what finishes it.
pub(crate) fn begun(api: Api) -> Vec<Value> {
    match api {
        Api::ChatCompletions => {
            let chunk = |delta: Value| {
                let choice = json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": null });
                json!({ "id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [choice] })
            };
            vec![chunk(json!({ "role": "assistant", "content": "" })), chunk(json!({ "content": TEXT }))]
        }
        Api::Responses => {
            let response = json!({ "id": "r1", "model": "m", "status": "in_progress", "output": [], "usage": null });
            let at = json!({ "item_id": "i1", "output_index": 0, "content_index": 0 });
            let with = |kind: &str, name: &str, value: Value| {
                let mut event = at.clone();
                event["type"] = json!(kind);
                event[name] = value;
                event
            };
            let item =
                json!({ "id": "i1", "type": "message", "status": "in_progress", "role": "assistant", "content": [] });
            let part = json!({ "type": "output_text", "text": "", "annotations": [] });
            let mut events = vec![
                json!({ "type": "response.created", "response": response }),
                json!({ "type": "response.in_progress", "response": response }),
                json!({ "type": "response.output_item.added", "output_index": 0, "item": item }),
                with("response.content_part.added", "part", part),
                with("response.output_text.delta", "delta", json!(TEXT)),
            ];
            number(&mut events, 0);
            events
        }
        _ => {
            let usage = json!({ "input_tokens": 5, "output_tokens": 1 });
            let message = json!({ "id": "m1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage });
            let block = json!({ "type": "text", "text": "" });
            let delta = json!({ "type": "text_delta", "text": TEXT });
            vec![
                json!({ "type": "message_start", "message": message }),
                json!({ "type": "content_block_start", "index": 0, "content_block": block }),
                json!({ "type": "ping" }),
                json!({ "type": "content_block_delta", "index": 0, "delta": delta }),
            ]
        }
    }
}

/// The data of what finishes [`begun`].
pub(crate) fn finished(api: Api) -> Vec<Value> {
    match api {
        Api::ChatCompletions => {
            let choice = json!({ "index": 0, "delta": {}, "logprobs": null, "finish_reason": "stop" });
            let usage = json!({ "prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8 });
            vec![
                json!({ "id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [choice] }),
                json!({ "id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [], "usage": usage }),
            ]
        }
        Api::Responses => {
            let part = json!({ "type": "output_text", "text": TEXT, "annotations": [] });
            let item =
                json!({ "id": "i1", "type": "message", "status": "completed", "role": "assistant", "content": [part] });
            let usage = json!({ "input_tokens": 5, "output_tokens": 3, "total_tokens": 8 });
            let response = json!({ "id": "r1", "model": "m", "status": "completed", "output": [item], "usage": usage });
            let mut events = vec![
                json!({ "type": "response.output_text.done", "item_id": "i1", "output_index": 0, "content_index": 0, "text": TEXT }),
                json!({ "type": "response.output_item.done", "output_index": 0, "item": item }),
                json!({ "type": "response.completed", "response": response }),
            ];
            number(&mut events, 5);
            events
        }
        _ => vec![
            json!({ "type": "content_block_stop", "index": 0 }),
            json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 3 } }),
            json!({ "type": "message_stop" }),
        ],
    }
}

/// The data of a stream that calls a tool with these arguments, without what finishes it.
pub(crate) fn calling(api: Api, arguments: &str) -> Vec<Value> {
    match api {
        Api::ChatCompletions => {
            let chunk = |call: Value| {
                let delta = json!({ "tool_calls": [call] });
                json!({ "id": "c1", "model": "m", "choices": [{ "index": 0, "delta": delta, "finish_reason": null }] })
            };
            let function = json!({ "name": "weather", "arguments": "" });
            vec![
                chunk(json!({ "index": 0, "id": "call_1", "type": "function", "function": function })),
                chunk(json!({ "index": 0, "function": { "arguments": arguments } })),
            ]
        }
        Api::Responses => {
            let response = json!({ "id": "r1", "model": "m", "status": "in_progress", "output": [], "usage": null });
            let item = item(arguments, "in_progress");
            let mut events = vec![
                json!({ "type": "response.created", "response": response }),
                json!({ "type": "response.output_item.added", "output_index": 0, "item": item }),
                json!({ "type": "response.function_call_arguments.delta", "item_id": "f1", "output_index": 0, "delta": arguments }),
            ];
            events[1]["item"]["arguments"] = json!("");
            number(&mut events, 0);
            events
        }
        _ => {
            let message =
                json!({ "id": "m1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": {} });
            let block = json!({ "type": "tool_use", "id": "call_1", "name": "weather", "input": {} });
            let delta = json!({ "type": "input_json_delta", "partial_json": arguments });
            vec![
                json!({ "type": "message_start", "message": message }),
                json!({ "type": "content_block_start", "index": 0, "content_block": block }),
                json!({ "type": "content_block_delta", "index": 0, "delta": delta }),
            ]
        }
    }
}

/// The data of what finishes [`calling`].
pub(crate) fn called(api: Api, arguments: &str) -> Vec<Value> {
    match api {
        Api::ChatCompletions => {
            vec![
                json!({ "id": "c1", "model": "m", "choices": [{ "index": 0, "delta": {}, "finish_reason": "tool_calls" }] }),
            ]
        }
        Api::Responses => {
            let item = item(arguments, "completed");
            let response = json!({ "id": "r1", "model": "m", "status": "completed", "output": [item] });
            let mut events = vec![
                json!({ "type": "response.function_call_arguments.done", "item_id": "f1", "output_index": 0, "arguments": arguments }),
                json!({ "type": "response.output_item.done", "output_index": 0, "item": item }),
                json!({ "type": "response.completed", "response": response }),
            ];
            number(&mut events, 3);
            events
        }
        _ => vec![
            json!({ "type": "content_block_stop", "index": 0 }),
            json!({ "type": "message_delta", "delta": { "stop_reason": "tool_use" }, "usage": { "output_tokens": 3 } }),
            json!({ "type": "message_stop" }),
        ],
    }
}

/// A whole answer that calls a tool with these arguments.
pub(crate) fn whole_call(api: Api, arguments: &str) -> Answer {
    let body = match api {
        Api::ChatCompletions => {
            let function = json!({ "name": "weather", "arguments": arguments });
            let call = json!({ "id": "call_1", "type": "function", "function": function });
            let message = json!({ "role": "assistant", "content": null, "tool_calls": [call] });
            json!({ "id": "c1", "model": "m", "choices": [{ "index": 0, "message": message, "finish_reason": "tool_calls" }] })
        }
        Api::Responses => {
            json!({ "id": "r1", "model": "m", "status": "completed", "output": [item(arguments, "completed")] })
        }
        _ => {
            let input: Value = serde_json::from_str(arguments).unwrap_or_else(|_| json!(arguments));
            let block = json!({ "type": "tool_use", "id": "call_1", "name": "weather", "input": input });
            json!({ "id": "m1", "type": "message", "role": "assistant", "model": "m", "content": [block], "stop_reason": "tool_use" })
        }
    };
    Answer::json(200, body)
}

/// An error in the words of the API: class, exact code, message.
pub(crate) fn error(api: Api, class: &str, code: Option<&str>) -> Value {
    match api {
        Api::Messages => {
            let mut error = json!({ "type": class, "message": "What the vendor says." });
            if let Some(code) = code {
                error["details"] = json!({ "error_code": code });
            }
            json!({ "type": "error", "error": error, "request_id": "req_1" })
        }
        _ => json!({ "error": { "message": "What the vendor says.", "type": class, "param": null, "code": code } }),
    }
}

/// The same inside of a stream. OpenAI's Responses have it nested.
pub(crate) fn error_event(api: Api, class: &str, code: Option<&str>) -> Value {
    let mut error = error(api, class, code);
    if api == Api::Responses {
        error["type"] = json!("error");
        error["sequence_number"] = json!(5);
    }
    error
}

fn item(arguments: &str, status: &str) -> Value {
    json!({ "id": "f1", "type": "function_call", "status": status, "call_id": "call_1", "name": "weather", "arguments": arguments })
}

fn number(events: &mut [Value], from: usize) {
    for (i, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = json!(from + i);
    }
}

//! A streamed completion.

use serde_json::{Value, json};

use crate::{Reply, SseEvent};

use super::super::super::track::Track;
use super::super::{CREATED, padding};
use super::{Answer, Stream};

/// The role first, then one chunk for each token, then the end: reason, usage if asked for, `[DONE]`. A call begins with
/// a chunk that has its id and name, and no arguments.
pub(super) fn reply(answer: &Answer<'_>, stream: &Stream) -> Reply {
    let wire = Wire { answer, stream };
    let said = &answer.said;
    let mut track = Track::default();
    let content = if said.calls.is_empty() && !answer.is_refused() { json!("") } else { Value::Null };
    track.add(&wire.delta(&json!({ "role": "assistant", "content": content, "refusal": null }), "", &Value::Null));
    for token in &said.reasoning {
        track.add_late(&wire.token(json!({ "reasoning_content": token }), token));
    }
    let name = if answer.is_refused() { "refusal" } else { "content" };
    for token in &said.text {
        track.add_late(&wire.token(json!({ name: token }), token));
    }
    for (i, call) in said.calls.iter().enumerate() {
        let function = json!({ "name": call.name, "arguments": "" });
        let call_id = answer.call_id(i);
        let begun = json!({ "index": i, "id": call_id, "type": "function", "function": function });
        track.add(&wire.token(json!({ "tool_calls": [begun] }), ""));
        for token in &call.arguments {
            let more = json!({ "index": i, "function": { "arguments": token } });
            track.add_late(&wire.token(json!({ "tool_calls": [more] }), token));
        }
    }
    track.wait();
    track.add(&wire.delta(&json!({}), "", &json!(answer.finish_reason())));
    if stream.usage {
        let mut usage = wire.chunk(&json!([]));
        usage["usage"] = answer.usage();
        track.add(&SseEvent::data(usage.to_string()));
    }
    track.add(&SseEvent::data("[DONE]"));
    track.reply()
}

struct Wire<'a> {
    answer: &'a Answer<'a>,
    stream: &'a Stream,
}

impl Wire<'_> {
    fn chunk(&self, choices: &Value) -> Value {
        let mut chunk = json!({
            "id": self.answer.id,
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": self.answer.model,
            "service_tier": "default",
            "system_fingerprint": "fp_steadfast",
            "choices": choices,
        });
        if self.stream.usage {
            chunk["usage"] = Value::Null;
        }
        chunk
    }

    /// A delta that says something: padded, unless the request forbids it.
    #[expect(clippy::needless_pass_by_value, reason = "callers write json!(…) in place")]
    fn token(&self, delta: Value, token: &str) -> SseEvent {
        let padding = if self.stream.padded { padding(token) } else { "" };
        self.delta(&delta, padding, &Value::Null)
    }

    fn delta(&self, delta: &Value, padding: &str, finish: &Value) -> SseEvent {
        let choice = json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish });
        let mut chunk = self.chunk(&json!([choice]));
        if !padding.is_empty() {
            chunk["obfuscation"] = json!(padding);
        }
        SseEvent::data(chunk.to_string())
    }
}

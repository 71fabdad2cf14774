//! A streamed message.

use serde_json::{Value, json};

use crate::{Reply, SseEvent};

use super::super::track::Track;
use super::Answer;

/// `message_start`, each block with one delta for each token, `message_delta` with the reason and the usage,
/// `message_stop`.
pub(super) fn reply(answer: &Answer<'_>) -> Reply {
    let mut wire = Wire { track: Track::default(), block: 0, has_pinged: false };
    let said = &answer.said;
    let first = u64::from(said.counted.output > 0);
    wire.add(json!({ "type": "message_start", "message": answer.begun(first) }));
    if !said.reasoning.is_empty() {
        wire.start(json!({ "type": "thinking", "thinking": "", "signature": "" }));
        for token in &said.reasoning {
            wire.delta(json!({ "type": "thinking_delta", "thinking": token }));
        }
        wire.more(json!({ "type": "signature_delta", "signature": answer.signature() }));
        wire.stop();
    }
    if answer.has_text() {
        wire.start(json!({ "type": "text", "text": "" }));
        for token in &said.text {
            wire.delta(json!({ "type": "text_delta", "text": token }));
        }
        wire.stop();
    }
    for (i, call) in said.calls.iter().enumerate() {
        wire.start(json!({ "type": "tool_use", "id": answer.call_id(i), "name": call.name, "input": {} }));
        wire.more(json!({ "type": "input_json_delta", "partial_json": "" }));
        for token in &call.arguments {
            wire.delta(json!({ "type": "input_json_delta", "partial_json": token }));
        }
        wire.stop();
    }
    wire.ping();
    wire.track.wait();
    let usage = json!({
        "output_tokens": said.counted.output,
        "output_tokens_details": { "thinking_tokens": said.counted.reasoning },
    });
    wire.add(json!({ "type": "message_delta", "delta": answer.end(), "usage": usage }));
    wire.add(json!({ "type": "message_stop" }));
    wire.track.reply()
}

struct Wire {
    track: Track,
    block: usize,
    has_pinged: bool,
}

#[expect(clippy::needless_pass_by_value, reason = "callers write json!(…) in place")]
impl Wire {
    fn start(&mut self, block: Value) {
        self.add(json!({ "type": "content_block_start", "index": self.block, "content_block": block }));
        self.ping();
    }

    /// A token's worth of the block.
    fn delta(&mut self, delta: Value) {
        self.track.wait();
        self.more(delta);
    }

    /// Something of the block that comes without a wait.
    fn more(&mut self, delta: Value) {
        self.add(json!({ "type": "content_block_delta", "index": self.block, "delta": delta }));
    }

    fn stop(&mut self) {
        self.add(json!({ "type": "content_block_stop", "index": self.block }));
        self.block += 1;
    }

    /// One early in every stream.
    fn ping(&mut self) {
        if !std::mem::replace(&mut self.has_pinged, true) {
            self.track.add(&SseEvent::named("ping", r#"{"type": "ping"}"#));
        }
    }

    /// An event, padded with spaces to a multiple of 16 bytes: as in real traffic, where that hides the lengths of tokens.
    fn add(&mut self, data: Value) {
        let mut wire = data.to_string();
        wire.pop();
        let padding = (16 - (wire.len() + 1) % 16) % 16;
        wire.push_str(&" ".repeat(padding));
        wire.push('}');
        self.track.add(&SseEvent::named(data["type"].as_str().unwrap_or_default(), wire));
    }
}

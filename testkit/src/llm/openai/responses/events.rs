//! The events of a streamed response.

use serde_json::{Value, json};

use crate::SseEvent;

use super::super::super::said::End;
use super::super::super::track::Track;
use super::super::padding;
use super::body::{Draft, Item};

/// All events of a response, one delta for each token; the number of an event is its `sequence_number`.
pub(super) fn track(draft: &Draft<'_>) -> Track {
    let mut wire = Wire { track: Track::default(), draft };
    match draft.request.background {
        true => {
            wire.add("response.created", json!({ "response": draft.begun("queued") }));
            wire.add("response.queued", json!({ "response": draft.begun("queued") }));
        }
        false => wire.add("response.created", json!({ "response": draft.begun("in_progress") })),
    }
    wire.add("response.in_progress", json!({ "response": draft.begun("in_progress") }));
    for (i, item) in draft.items().into_iter().enumerate() {
        wire.item(i, item);
    }
    wire.track.wait();
    let done = draft.done();
    let name = if done["status"] == "incomplete" { "response.incomplete" } else { "response.completed" };
    wire.add(name, json!({ "response": done }));
    wire.track
}

struct Wire<'a> {
    track: Track,
    draft: &'a Draft<'a>,
}

impl Wire<'_> {
    /// An item from its beginning to its end.
    fn item(&mut self, i: usize, item: Item) {
        let draft = self.draft;
        let done = draft.item(item);
        let mut begun = done.clone();
        for (name, nothing) in [("content", json!([])), ("summary", json!([])), ("arguments", json!(""))] {
            if begun.get(name).is_some() {
                begun[name] = nothing;
            }
        }
        if begun.get("status").is_some() {
            begun["status"] = json!("in_progress");
        }
        self.add("response.output_item.added", json!({ "output_index": i, "item": begun }));
        let id = draft.item_id(item);
        match item {
            Item::Reasoning => self.reasoning(i, &id),
            Item::Message => self.message(i, &id),
            Item::Call(call) => {
                let at = json!({ "item_id": id, "output_index": i });
                let call = &draft.said.calls[call];
                self.deltas("response.function_call_arguments.delta", &at, &call.arguments);
                let arguments = json!({ "name": call.name, "arguments": call.arguments.concat() });
                self.add("response.function_call_arguments.done", merged(&at, &arguments));
            }
        }
        self.add("response.output_item.done", json!({ "output_index": i, "item": done }));
    }

    fn reasoning(&mut self, i: usize, id: &str) {
        let tokens = &self.draft.said.reasoning;
        if tokens.is_empty() {
            return;
        }
        let at = json!({ "item_id": id, "output_index": i, "summary_index": 0 });
        let part = |text: &str| merged(&at, &json!({ "part": { "type": "summary_text", "text": text } }));
        let text = tokens.concat();
        self.add("response.reasoning_summary_part.added", part(""));
        self.deltas("response.reasoning_summary_text.delta", &at, tokens);
        self.add("response.reasoning_summary_text.done", merged(&at, &json!({ "text": text })));
        self.add("response.reasoning_summary_part.done", part(&text));
    }

    fn message(&mut self, i: usize, id: &str) {
        let draft = self.draft;
        let at = json!({ "item_id": id, "output_index": i, "content_index": 0 });
        let part = |text: &str| merged(&at, &json!({ "part": draft.part(text) }));
        let text = draft.said.text();
        self.add("response.content_part.added", part(""));
        if draft.said.end == End::Refused {
            self.deltas("response.refusal.delta", &at, &draft.said.text);
            self.add("response.refusal.done", merged(&at, &json!({ "refusal": text })));
        } else {
            let said = merged(&at, &json!({ "logprobs": [] }));
            self.deltas("response.output_text.delta", &said, &draft.said.text);
            self.add("response.output_text.done", merged(&said, &json!({ "text": text })));
        }
        self.add("response.content_part.done", part(&text));
    }

    fn deltas(&mut self, name: &str, at: &Value, tokens: &[String]) {
        for token in tokens {
            let mut delta = merged(at, &json!({ "delta": token }));
            if self.draft.request.padded {
                delta["obfuscation"] = json!(padding(token));
            }
            self.track.wait();
            self.add(name, delta);
        }
    }

    fn add(&mut self, name: &str, mut data: Value) {
        data["type"] = json!(name);
        data["sequence_number"] = json!(self.track.len());
        self.track.add(&SseEvent::named(name, data.to_string()));
    }
}

/// The members of both objects.
fn merged(one: &Value, other: &Value) -> Value {
    let mut merged = one.clone();
    if let (Some(all), Some(more)) = (merged.as_object_mut(), other.as_object()) {
        all.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    merged
}

//! A response as JSON, begun and done.

use serde_json::{Value, json};

use super::super::super::said::{Counted, End, Said};
use super::super::CREATED;
use super::super::fields::field;
use super::request::Request;

/// A response, before it is put into words of the wire.
pub(super) struct Draft<'a> {
    pub(super) raw: &'a Value,
    pub(super) request: &'a Request<'a>,
    pub(super) said: &'a Said,
    pub(super) serial: u64,
}

/// An item of a response's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Reasoning,
    Message,
    /// The call of this number.
    Call(usize),
}

impl Draft<'_> {
    pub(super) fn id(&self) -> String {
        format!("resp_sim{:012}", self.serial)
    }

    pub(super) fn call_id(&self, i: usize) -> String {
        format!("call_sim{:012}_{i}", self.serial)
    }

    pub(super) fn item_id(&self, item: Item) -> String {
        match item {
            Item::Reasoning => format!("rs_sim{:012}", self.serial),
            Item::Message => format!("msg_sim{:012}", self.serial),
            Item::Call(i) => format!("fc_sim{:012}_{i}", self.serial),
        }
    }

    /// What there is to put out, in order.
    pub(super) fn items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        let thinks = self.request.encrypted && self.said.counted.reasoning > 0;
        if thinks || !self.said.reasoning.is_empty() {
            items.push(Item::Reasoning);
        }
        if !self.said.text.is_empty() {
            items.push(Item::Message);
        }
        items.extend((0..self.said.calls.len()).map(Item::Call));
        items
    }

    /// The part of the message.
    pub(super) fn part(&self, text: &str) -> Value {
        match self.said.end {
            End::Refused => json!({ "type": "refusal", "refusal": text }),
            _ => json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] }),
        }
    }

    /// An item when it is done.
    pub(super) fn item(&self, item: Item) -> Value {
        let id = self.item_id(item);
        // Only what comes last can have been cut.
        let is_cut = self.said.end == End::Length && self.items().last() == Some(&item);
        let status = if is_cut { "incomplete" } else { "completed" };
        match item {
            Item::Reasoning => {
                let text = self.said.reasoning.concat();
                let summary =
                    if text.is_empty() { json!([]) } else { json!([{ "type": "summary_text", "text": text }]) };
                let mut item = json!({ "type": "reasoning", "id": id, "summary": summary });
                if self.request.encrypted {
                    item["encrypted_content"] = json!(format!("sim-encrypted-{:012}", self.serial));
                }
                item
            }
            Item::Message => json!({
                "type": "message",
                "id": id,
                "status": status,
                "role": "assistant",
                "content": [self.part(&self.said.text())],
            }),
            Item::Call(i) => json!({
                "type": "function_call",
                "id": id,
                "call_id": self.call_id(i),
                "name": self.said.calls[i].name,
                "arguments": self.said.calls[i].arguments.concat(),
                "status": status,
            }),
        }
    }

    /// The response while it is being made.
    pub(super) fn begun(&self, status: &str) -> Value {
        let raw = self.raw;
        let echo = |name: &str, default: Value| field(raw, name).cloned().unwrap_or(default);
        let mut reasoning = json!({ "effort": null, "summary": null });
        for name in ["effort", "summary"] {
            if let Some(value) = field(raw, "reasoning").and_then(|reasoning| reasoning.get(name)) {
                reasoning[name] = value.clone();
            }
        }
        json!({
            "id": self.id(),
            "object": "response",
            "created_at": CREATED,
            "status": status,
            "background": self.request.background,
            "error": null,
            "incomplete_details": null,
            "instructions": echo("instructions", Value::Null),
            "max_output_tokens": echo("max_output_tokens", Value::Null),
            "model": self.request.model,
            "output": [],
            "parallel_tool_calls": echo("parallel_tool_calls", json!(true)),
            "previous_response_id": echo("previous_response_id", Value::Null),
            "prompt_cache_key": echo("prompt_cache_key", Value::Null),
            "reasoning": reasoning,
            "service_tier": "default",
            "store": self.request.store,
            "temperature": echo("temperature", json!(1.0)),
            "text": echo("text", json!({ "format": { "type": "text" } })),
            "tool_choice": echo("tool_choice", json!("auto")),
            "tools": echo("tools", json!([])),
            "top_p": echo("top_p", json!(1.0)),
            "truncation": echo("truncation", json!("disabled")),
            "usage": null,
            "user": echo("user", Value::Null),
            "metadata": echo("metadata", json!({})),
        })
    }

    /// The response when it is made.
    pub(super) fn done(&self) -> Value {
        let mut done = self.begun(if self.said.end == End::Length { "incomplete" } else { "completed" });
        match self.said.end {
            End::Length => done["incomplete_details"] = json!({ "reason": "max_output_tokens" }),
            _ => done["completed_at"] = json!(CREATED + 1),
        }
        done["output"] = self.items().into_iter().map(|item| self.item(item)).collect();
        let Counted { input, cached, written, output, reasoning } = self.said.counted;
        done["usage"] = json!({
            "input_tokens": input,
            "input_tokens_details": { "cached_tokens": cached, "cache_write_tokens": written },
            "output_tokens": output,
            "output_tokens_details": { "reasoning_tokens": reasoning },
            "total_tokens": input + output,
        });
        done
    }
}

//! A whole completion.

use serde_json::{Value, json};

use crate::Reply;

use super::super::CREATED;
use super::Answer;

pub(super) fn reply(answer: &Answer<'_>) -> Reply {
    let choice =
        json!({ "index": 0, "message": message(answer), "logprobs": null, "finish_reason": answer.finish_reason() });
    let body = json!({
        "id": answer.id,
        "object": "chat.completion",
        "created": CREATED,
        "model": answer.model,
        "choices": [choice],
        "usage": answer.usage(),
        "service_tier": "default",
        "system_fingerprint": "fp_steadfast",
    });
    Reply::json(200, body)
}

fn message(answer: &Answer<'_>) -> Value {
    let said = &answer.said;
    let mut message = json!({ "role": "assistant", "content": null, "refusal": null, "annotations": [] });
    if answer.is_refused() {
        message["refusal"] = json!(said.text());
    } else if said.calls.is_empty() {
        message["content"] = json!(said.text());
    }
    if !said.reasoning.is_empty() {
        // Not OpenAI's, who tells no reasoning here, but of most vendors that speak its language.
        message["reasoning_content"] = json!(said.reasoning.concat());
    }
    if !said.calls.is_empty() {
        let calls = said.calls.iter().enumerate().map(|(i, call)| {
            let function = json!({ "name": call.name, "arguments": call.arguments.concat() });
            json!({ "id": answer.call_id(i), "type": "function", "function": function })
        });
        message["tool_calls"] = calls.collect();
    }
    message
}

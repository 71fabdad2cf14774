//! A whole message.

use serde_json::{Value, json};

use crate::Reply;

use super::Answer;

pub(super) fn reply(answer: &Answer<'_>) -> Reply {
    let said = &answer.said;
    let mut content = Vec::new();
    if !said.reasoning.is_empty() {
        let thinking = said.reasoning.concat();
        content.push(json!({ "type": "thinking", "thinking": thinking, "signature": answer.signature() }));
    }
    if answer.has_text() {
        content.push(json!({ "type": "text", "text": said.text() }));
    }
    for (i, call) in said.calls.iter().enumerate() {
        // A whole answer can only tell an object: arguments that are none, or were cut, are told as far as they are text.
        let arguments = call.arguments.concat();
        let input = serde_json::from_str(&arguments).unwrap_or(Value::String(arguments));
        content.push(json!({ "type": "tool_use", "id": answer.call_id(i), "name": call.name, "input": input }));
    }
    let mut body = answer.begun(said.counted.output);
    body["content"] = json!(content);
    if let (Some(body), Value::Object(end)) = (body.as_object_mut(), answer.end()) {
        body.extend(end);
    }
    Reply::json(200, body)
}

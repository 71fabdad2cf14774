//! The messages of a request to Chat Completions.

use serde_json::Value;

use super::super::super::problem::Problem;
use super::super::super::text::{count, tokens};
use super::super::fields::{field, missing, wrong};

const ROLES: [&str; 6] = ["system", "assistant", "user", "function", "tool", "developer"];

/// What was heard of a conversation.
pub(super) struct Heard {
    pub(super) tokens: u64,
    /// Whether the latest message is what a tool gave.
    pub(super) has_result: bool,
    pub(super) mentions_json: bool,
}

pub(super) fn read(request: &Value) -> Result<Heard, Problem> {
    let messages = request.get("messages").ok_or_else(|| missing("messages"))?;
    let messages =
        messages.as_array().ok_or_else(|| wrong("messages", "expected an array of objects", "invalid_type"))?;
    if messages.is_empty() {
        return Err(wrong("messages", "expected at least one message", "empty_array"));
    }
    let mut open: Vec<&str> = Vec::new();
    for (i, message) in messages.iter().enumerate() {
        check(message, i)?;
        let is_result = message["role"] == "tool";
        if is_result {
            let id = message.get("tool_call_id").and_then(Value::as_str);
            let id = id.ok_or_else(|| missing(format!("messages[{i}].tool_call_id")))?;
            let Some(place) = open.iter().position(|known| *known == id) else {
                let message = "Invalid parameter: messages with role 'tool' must be a response to a preceding message \
                               with 'tool_calls'.";
                return Err(Problem::invalid(message).param(format!("messages[{i}].role")));
            };
            open.remove(place);
        } else {
            answered(&open, i)?;
            open = calls(message, i)?;
        }
    }
    answered(&open, messages.len())?;
    let offered = field(request, "tools").map_or(0, |tools| tokens(&tools.to_string()).count() as u64);
    Ok(Heard {
        tokens: messages.iter().map(measure).sum::<u64>() + offered,
        has_result: messages.last().is_some_and(|message| message["role"] == "tool"),
        mentions_json: messages.iter().any(|message| message["content"].to_string().to_lowercase().contains("json")),
    })
}

fn check(message: &Value, i: usize) -> Result<(), Problem> {
    let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
    if !ROLES.contains(&role) {
        return Err(wrong(format!("messages[{i}].role"), "expected the role of a message", "invalid_value"));
    }
    let fits = match message.get("content") {
        Some(Value::String(_)) => true,
        Some(Value::Array(parts)) => !parts.is_empty() && parts.iter().all(|part| part.get("type").is_some()),
        Some(Value::Null) | None => role == "assistant",
        Some(_) => false,
    };
    match fits {
        true => Ok(()),
        false => Err(wrong(format!("messages[{i}].content"), "expected a string or content parts", "invalid_type")),
    }
}

/// The ids of the tools that a message calls.
fn calls(message: &Value, i: usize) -> Result<Vec<&str>, Problem> {
    let Some(calls) = field(message, "tool_calls").and_then(Value::as_array) else { return Ok(Vec::new()) };
    let id = |(j, call): (usize, &'_ Value)| {
        let at = format!("messages[{i}].tool_calls[{j}]");
        let function = call.get("function");
        let text = |name: &str| function.and_then(|function| function.get(name)).is_some_and(Value::is_string);
        match call.get("type").and_then(Value::as_str) {
            Some("function") if !(text("name") && text("arguments")) => {
                Err(missing(format!("{at}.function.arguments")))
            }
            Some(_) => Ok(()),
            None => Err(missing(format!("{at}.type"))),
        }
    };
    calls.iter().enumerate().try_for_each(id)?;
    let ids = calls.iter().enumerate().map(|(j, call)| {
        let id = call.get("id").and_then(Value::as_str);
        id.ok_or_else(|| missing(format!("messages[{i}].tool_calls[{j}].id")))
    });
    ids.collect()
}

/// No call may be left open where something else than its result comes.
fn answered(open: &[&str], i: usize) -> Result<(), Problem> {
    if open.is_empty() {
        return Ok(());
    }
    let message = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The \
         following tool_call_ids did not have response messages: {}",
        open.join(", ")
    );
    Err(Problem::invalid(message).param(format!("messages[{}].role", i.saturating_sub(1))))
}

fn measure(message: &Value) -> u64 {
    let called = field(message, "tool_calls").map_or(0, |calls| tokens(&calls.to_string()).count() as u64);
    4 + message.get("content").map_or(0, count) + called
}

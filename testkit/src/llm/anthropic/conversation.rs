//! The messages of a request to Messages.

use serde_json::Value;

use super::super::problem::Problem;
use super::super::text::{count, tokens};
use super::fields::{required, wrong};

/// How many tokens the messages are.
pub(super) fn read(raw: &Value) -> Result<u64, Problem> {
    let messages = required(raw, "messages", "")?;
    let messages = messages.as_array().ok_or_else(|| wrong("messages", "Input should be a valid array"))?;
    if messages.is_empty() {
        return Err(wrong("messages", "at least one message is required"));
    }
    let mut called: Vec<&str> = Vec::new();
    for (i, message) in messages.iter().enumerate() {
        check(message, i)?;
        let results = ids(message, "tool_result", "tool_use_id");
        if let Some(stray) = results.iter().find(|id| !called.contains(id)) {
            let why = format!(
                "unexpected `tool_use_id` found in `tool_result` blocks: {stray}. Each `tool_result` block must have a \
                 corresponding `tool_use` block in the previous message."
            );
            return Err(wrong(&format!("messages.{i}.content"), &why));
        }
        answered(&called, &results, i)?;
        called = if message["role"] == "assistant" { ids(message, "tool_use", "id") } else { Vec::new() };
    }
    answered(&called, &[], messages.len())?;
    Ok(messages.iter().map(measure).sum())
}

/// Whether the latest message has what a tool gave.
pub(super) fn has_result(raw: &Value) -> bool {
    let latest = raw.get("messages").and_then(Value::as_array).and_then(|messages| messages.last());
    latest.is_some_and(|message| !ids(message, "tool_result", "tool_use_id").is_empty())
}

fn check(message: &Value, i: usize) -> Result<(), Problem> {
    let role = message.get("role").and_then(Value::as_str);
    if !matches!(role, Some("user" | "assistant")) {
        return Err(wrong(&format!("messages.{i}.role"), "Input should be 'user' or 'assistant'"));
    }
    let refused = || {
        let why = "Input should be a non-empty string or content blocks";
        Err(wrong(&format!("messages.{i}.content"), why))
    };
    let blocks = match message.get("content") {
        Some(Value::String(text)) if !text.is_empty() => return Ok(()),
        Some(Value::Array(blocks)) => blocks,
        _ => return refused(),
    };
    for (j, block) in blocks.iter().enumerate() {
        let Some(kind) = block.get("type").and_then(Value::as_str) else { return refused() };
        let at = format!("messages.{i}.content.{j}.{kind}.");
        let needed: &[&str] = match kind {
            "text" => &["text"],
            "image" | "document" => &["source"],
            "tool_use" => &["id", "name", "input"],
            "tool_result" => &["tool_use_id"],
            "thinking" => &["thinking", "signature"],
            "redacted_thinking" => &["data"],
            _ => &[],
        };
        for name in needed {
            required(block, name, &at)?;
        }
        if kind == "text" && block["text"] == "" {
            return Err(wrong("messages", "text content blocks must be non-empty"));
        }
        if kind == "tool_use" && !block["input"].is_object() {
            return Err(wrong(&format!("{at}input"), "Input should be a valid dictionary"));
        }
    }
    Ok(())
}

/// The ids in the blocks of one type.
fn ids<'a>(message: &'a Value, kind: &str, name: &str) -> Vec<&'a str> {
    let blocks = message.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let of_kind = blocks.iter().filter(|block| block.get("type").is_some_and(|found| found == kind));
    of_kind.filter_map(|block| block.get(name)).filter_map(Value::as_str).collect()
}

/// Every call must have its result in the next message.
fn answered(called: &[&str], results: &[&str], i: usize) -> Result<(), Problem> {
    let open: Vec<&str> = called.iter().copied().filter(|id| !results.contains(id)).collect();
    if open.is_empty() {
        return Ok(());
    }
    let why = format!(
        "`tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block must have a \
         corresponding `tool_result` block in the next message.",
        open.join(", ")
    );
    Err(wrong(&format!("messages.{}", i.saturating_sub(1)), &why))
}

fn measure(message: &Value) -> u64 {
    let blocks = message.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let inner = blocks.iter().map(|block| {
        let input = block.get("input").map_or(0, |input| tokens(&input.to_string()).count() as u64);
        block.get("content").map_or(0, count) + input
    });
    3 + message.get("content").map_or(0, count) + inner.sum::<u64>()
}

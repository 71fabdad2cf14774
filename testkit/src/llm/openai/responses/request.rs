//! What a request for a response must have.

use serde_json::Value;

use super::super::super::problem::Problem;
use super::super::super::said::Asked;
use super::super::super::text::{count, tokens};
use super::super::fields::{EFFORTS, choice, field, flag, format, integer, missing, model, number, tools, word, wrong};
use super::super::is_padded;
use super::shelf::Shelf;

/// What of a request the response depends on.
pub(super) struct Request<'a> {
    pub(super) model: &'a str,
    pub(super) asked: Asked,
    pub(super) stream: bool,
    pub(super) background: bool,
    pub(super) store: bool,
    pub(super) padded: bool,
    /// Whether reasoning is to be told in a form that can be sent back.
    pub(super) encrypted: bool,
}

impl<'a> Request<'a> {
    pub(super) fn read(raw: &'a Value, shelf: &Shelf) -> Result<Self, Problem> {
        let model = model(raw)?;
        number(raw, "temperature", 0.0, 2.0)?;
        number(raw, "top_p", 0.0, 1.0)?;
        let store = flag(raw, "store")?.unwrap_or(true);
        let background = flag(raw, "background")?.unwrap_or(false);
        if background && !store {
            let message = "Background mode requires 'store' to be true.";
            return Err(Problem::invalid(message).param("background"));
        }
        let stream = flag(raw, "stream")?.unwrap_or(false);
        if !stream && field(raw, "stream_options").is_some() {
            let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
            return Err(Problem::invalid(message).param("stream_options"));
        }
        let (mut before, mut calls) = (0, Vec::new());
        if let Some(id) = field(raw, "previous_response_id") {
            let id = id.as_str().unwrap_or_default();
            let Some(previous) = shelf.find(id) else {
                let message = format!("Previous response with id '{id}' not found.");
                return Err(Problem::invalid(message)
                    .param("previous_response_id")
                    .code("previous_response_not_found"));
            };
            before = previous.tokens;
            calls.extend(previous.calls.iter().cloned());
        }
        let input = field(raw, "input").ok_or_else(|| missing("input"))?;
        let has_result = check_input(input, calls)?;
        let (choice, one_call) = choice(raw, false)?;
        let max_tokens = integer(raw, "max_output_tokens")?;
        if max_tokens.is_some_and(|most| most < 16) {
            let why = "expected a value of at least 16";
            return Err(wrong("max_output_tokens", why, "integer_below_min_value"));
        }
        let reasoning = field(raw, "reasoning");
        let none = Value::Null;
        word(reasoning.unwrap_or(&none), "effort", &EFFORTS)?;
        let wanted = field(raw, "text").and_then(|text| field(text, "format"));
        let offered = field(raw, "tools").map_or(0, |tools| tokens(&tools.to_string()).count() as u64);
        let include = field(raw, "include").and_then(Value::as_array);
        Ok(Self {
            model,
            asked: Asked {
                tools: tools(raw, false)?,
                choice,
                one_call,
                has_result,
                structured: format(wanted, false, "text.format")?,
                reasons: reasoning.is_some_and(|reasoning| {
                    reasoning.get("effort").is_none_or(|effort| effort != "none")
                        && field(reasoning, "summary").is_some()
                }),
                max_tokens,
                stops: Vec::new(),
                input_tokens: before + offered + field(raw, "instructions").map_or(0, count) + measure(input),
            },
            stream,
            background,
            store,
            padded: is_padded(raw),
            encrypted: include.is_some_and(|list| list.iter().any(|name| name == "reasoning.encrypted_content")),
        })
    }
}

/// A text or items; whether the latest of them is what a tool gave. `calls` are the ids of earlier calls.
fn check_input(input: &Value, mut calls: Vec<String>) -> Result<bool, Problem> {
    let items = match input {
        Value::String(_) => return Ok(false),
        Value::Array(items) if !items.is_empty() => items,
        _ => return Err(wrong("input", "expected a string or an array of items", "invalid_type")),
    };
    for (i, item) in items.iter().enumerate() {
        let text = |name: &str| {
            let value = item.get(name).and_then(Value::as_str);
            value.ok_or_else(|| missing(format!("input[{i}].{name}")))
        };
        match item.get("type").and_then(Value::as_str).unwrap_or("message") {
            "message" => check_message(item, i)?,
            "function_call" => {
                text("name")?;
                text("arguments")?;
                calls.push(text("call_id")?.to_owned());
            }
            "function_call_output" => {
                let id = text("call_id")?;
                if item.get("output").is_none() {
                    return Err(missing(format!("input[{i}].output")));
                }
                if !calls.iter().any(|known| known == id) {
                    let message = format!("No tool call found for function call output with call_id {id}.");
                    return Err(Problem::invalid(message).param("input"));
                }
            }
            "reasoning" => {
                text("id")?;
            }
            _ => {}
        }
    }
    Ok(items.last().is_some_and(|item| item.get("type").is_some_and(|kind| kind == "function_call_output")))
}

fn check_message(item: &Value, i: usize) -> Result<(), Problem> {
    let role = item.get("role").and_then(Value::as_str).unwrap_or_default();
    if !["system", "developer", "user", "assistant"].contains(&role) {
        let why = "expected system, developer, user or assistant";
        return Err(wrong(format!("input[{i}].role"), why, "invalid_value"));
    }
    let known = match role {
        "assistant" => ["output_text", "refusal", "output_text", "refusal"],
        _ => ["input_text", "input_image", "input_file", "input_audio"],
    };
    let parts = match item.get("content") {
        Some(Value::String(_)) => return Ok(()),
        Some(Value::Array(parts)) => parts,
        _ => return Err(wrong(format!("input[{i}].content"), "expected a string or content parts", "invalid_type")),
    };
    for (j, part) in parts.iter().enumerate() {
        let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
        if !known.contains(&kind) {
            let why = format!("a message of this role does not have parts of type '{kind}'");
            return Err(wrong(format!("input[{i}].content[{j}]"), &why, "invalid_value"));
        }
    }
    Ok(())
}

fn measure(input: &Value) -> u64 {
    match input {
        Value::Array(items) => items
            .iter()
            .map(|item| {
                4 + ["content", "output", "arguments"].iter().map(|name| item.get(name).map_or(0, count)).sum::<u64>()
            })
            .sum(),
        text => count(text),
    }
}

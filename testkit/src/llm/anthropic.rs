//! Anthropic's Messages: what a request must have, and the answer whole and streamed.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{Headers, Reply, SseEvent};

use super::problem::Problem;
use super::text::{End, Spoken, count};

/// Answers a request, or says what is wrong with it.
pub(super) fn answer(
    headers: &Headers,
    body: &[u8],
    answer: &str,
    token_delay: Duration,
    serial: u64,
) -> Result<Reply, Problem> {
    if headers.get("anthropic-version").is_none_or(str::is_empty) {
        return Err(Problem::invalid("anthropic-version: header is required"));
    }
    let request: Value = serde_json::from_slice(body)
        .map_err(|error| Problem::invalid(format!("The request body is not valid JSON: {error}")))?;
    let call = Call::read(&request)?;
    let spoken = Spoken::new(answer, Some(call.max_tokens), &call.stops);
    let id = format!("msg_sim{serial:012}");
    Ok(match call.stream {
        true => streamed(&call, &spoken, &id).chunk_delay(token_delay),
        false => whole(&call, &spoken, &id),
    })
}

/// What of a request the answer depends on.
struct Call<'a> {
    model: &'a str,
    input_tokens: u64,
    max_tokens: u64,
    stops: Vec<String>,
    stream: bool,
}

impl<'a> Call<'a> {
    fn read(request: &'a Value) -> Result<Self, Problem> {
        let required = |name: &str| {
            let value = request.get(name).filter(|value| !value.is_null());
            value.ok_or_else(|| Problem::invalid(format!("{name}: Field required")))
        };
        let wrong = |what: &str| Problem::invalid(what.to_owned());
        let model = required("model")?.as_str().filter(|model| !model.is_empty());
        let model = model.ok_or_else(|| wrong("model: Input should be a valid string"))?;
        let max_tokens = required("max_tokens")?.as_u64();
        let max_tokens = max_tokens.ok_or_else(|| wrong("max_tokens: Input should be a non-negative integer"))?;
        let messages =
            required("messages")?.as_array().ok_or_else(|| wrong("messages: Input should be a valid array"))?;
        check_messages(messages)?;
        let system = request.get("system").unwrap_or(&Value::Null);
        if !(system.is_null() || system.is_string() || system.is_array()) {
            return Err(wrong("system: Input should be a string or content blocks"));
        }
        let temperature = request.get("temperature").filter(|value| !value.is_null());
        if temperature.is_some_and(|value| !value.as_f64().is_some_and(|n| (0.0..=1.0).contains(&n))) {
            return Err(wrong("temperature: range: 0..1"));
        }
        let stream = match request.get("stream") {
            None | Some(Value::Null) => false,
            Some(value) => value.as_bool().ok_or_else(|| wrong("stream: Input should be a valid boolean"))?,
        };
        let stops = match request.get("stop_sequences") {
            None | Some(Value::Null) => Some(Vec::new()),
            Some(Value::Array(stops)) => stops.iter().map(|stop| stop.as_str().map(str::to_owned)).collect(),
            Some(_) => None,
        };
        let said: u64 = messages.iter().map(|message| 3 + message.get("content").map_or(0, count)).sum();
        Ok(Self {
            model,
            input_tokens: count(system) + said,
            max_tokens,
            stops: stops.ok_or_else(|| wrong("stop_sequences: Input should be a valid array of strings"))?,
            stream,
        })
    }

    fn usage(&self, output_tokens: u64) -> Value {
        json!({
            "input_tokens": self.input_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": output_tokens,
            "service_tier": "standard",
        })
    }
}

fn check_messages(messages: &[Value]) -> Result<(), Problem> {
    if messages.is_empty() {
        return Err(Problem::invalid("messages: at least one message is required"));
    }
    for (i, message) in messages.iter().enumerate() {
        if !matches!(message.get("role").and_then(Value::as_str), Some("user" | "assistant")) {
            let what = "role: Input should be 'user' or 'assistant'";
            return Err(Problem::invalid(format!("messages.{i}.{what}")));
        }
        let fits = match message.get("content") {
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(blocks)) => blocks.iter().all(|block| block.get("type").is_some()),
            _ => false,
        };
        if !fits {
            let what = "content: Input should be a non-empty string or content blocks";
            return Err(Problem::invalid(format!("messages.{i}.{what}")));
        }
    }
    Ok(())
}

fn whole(call: &Call<'_>, spoken: &Spoken, id: &str) -> Reply {
    let content = if spoken.tokens.is_empty() { json!([]) } else { json!([{ "type": "text", "text": spoken.text() }]) };
    let (stop_reason, stop_sequence) = end(spoken);
    let body = json!({
        "id": id,
        "type": "message",
        "role": "assistant",
        "model": call.model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": stop_sequence,
        "usage": call.usage(spoken.tokens.len() as u64),
    });
    Reply::json(200, body)
}

/// `message_start`, the block with one delta for each token, `message_delta` with the reason and the usage,
/// `message_stop`.
fn streamed(call: &Call<'_>, spoken: &Spoken, id: &str) -> Reply {
    let message = json!({
        "id": id,
        "type": "message",
        "role": "assistant",
        "model": call.model,
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
        "usage": call.usage(u64::from(!spoken.tokens.is_empty())),
    });
    let mut start = event("message_start", &json!({ "type": "message_start", "message": message })).to_vec();
    let block = json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } });
    if !spoken.tokens.is_empty() {
        start.extend_from_slice(&event("content_block_start", &block));
    }
    start.extend_from_slice(&event("ping", &json!({ "type": "ping" })));
    let mut pieces = vec![Bytes::from(start)];
    for token in &spoken.tokens {
        let delta = json!({ "type": "text_delta", "text": token });
        let data = json!({ "type": "content_block_delta", "index": 0, "delta": delta });
        pieces.push(event("content_block_delta", &data));
    }
    let mut rest = Vec::new();
    if !spoken.tokens.is_empty() {
        rest.extend_from_slice(&event("content_block_stop", &json!({ "type": "content_block_stop", "index": 0 })));
    }
    let (stop_reason, stop_sequence) = end(spoken);
    let data = json!({
        "type": "message_delta",
        "delta": { "stop_reason": stop_reason, "stop_sequence": stop_sequence },
        "usage": { "output_tokens": spoken.tokens.len() },
    });
    rest.extend_from_slice(&event("message_delta", &data));
    rest.extend_from_slice(&event("message_stop", &json!({ "type": "message_stop" })));
    pieces.push(Bytes::from(rest));
    Reply::status(200).header("content-type", "text/event-stream; charset=utf-8").chunks(pieces)
}

fn event(name: &str, data: &Value) -> Bytes {
    SseEvent::named(name, data.to_string()).encode()
}

fn end(spoken: &Spoken) -> (&'static str, Option<&str>) {
    match &spoken.end {
        End::Natural => ("end_turn", None),
        End::Length => ("max_tokens", None),
        End::Stop(stop) => ("stop_sequence", Some(stop)),
    }
}

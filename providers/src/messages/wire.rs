//! Messages on the wire: requests, whole answers and usage. Reads leniently: what an answer can do without may be missing
//! or odd.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::family::{Ask, Unfit};
use crate::lenient::lenient;
use crate::problem::{Fault, Problem, Whole, json};
use crate::{Finish, Part, Usage, Vendor};

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'a str>,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Cow<'a, str>,
}

pub(super) fn encode(ask: &Ask<'_>) -> Result<Vec<u8>, Unfit> {
    let call = ask.call;
    let spoken = call.messages.iter().map(|message| Message { role: message.role.as_str(), content: message.text() });
    Ok(serde_json::to_vec(&Request {
        model: ask.model,
        max_tokens: call.options.max_tokens.unwrap_or(ask.max_tokens),
        system: call.system.as_deref(),
        messages: spoken.collect(),
        temperature: call.options.temperature,
        stop_sequences: &call.options.stop,
        stream: ask.stream.then_some(true),
    })?)
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    model: Option<String>,
    content: Vec<Block>,
    #[serde(default, deserialize_with = "lenient")]
    stop_reason: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    usage: Option<WireUsage>,
}

/// Blocks of other types have no text, or one that is not the answer's.
#[derive(Deserialize)]
struct Block {
    #[serde(rename = "type", default, deserialize_with = "lenient")]
    class: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    text: Option<String>,
}

/// Counts of the call so far. Those that are missing are what they were.
#[derive(Clone, Copy, Default, Deserialize)]
pub(super) struct WireUsage {
    #[serde(default, deserialize_with = "lenient")]
    input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    cache_creation_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    cache_read_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    output_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct OutputDetails {
    #[serde(default, deserialize_with = "lenient")]
    thinking_tokens: Option<u64>,
}

impl WireUsage {
    /// What is known after `later`.
    pub(super) fn then(self, later: Self) -> Self {
        Self {
            input_tokens: later.input_tokens.or(self.input_tokens),
            cache_creation_input_tokens: later.cache_creation_input_tokens.or(self.cache_creation_input_tokens),
            cache_read_input_tokens: later.cache_read_input_tokens.or(self.cache_read_input_tokens),
            output_tokens: later.output_tokens.or(self.output_tokens),
            output_tokens_details: later.output_tokens_details.or(self.output_tokens_details),
        }
    }
}

impl From<WireUsage> for Usage {
    /// `input_tokens` excludes what the cache had to do with.
    fn from(wire: WireUsage) -> Self {
        let read = wire.cache_read_input_tokens.unwrap_or_default();
        let write = wire.cache_creation_input_tokens.unwrap_or_default();
        let input = wire.input_tokens.unwrap_or_default().saturating_add(read).saturating_add(write);
        let thinking = wire.output_tokens_details.and_then(|details| details.thinking_tokens);
        Self::new(input, read, write, wire.output_tokens.unwrap_or_default(), thinking.unwrap_or_default())
    }
}

pub(super) fn decode(body: &[u8], _: &Vendor) -> Result<Whole, Fault> {
    let answer = json::<Answer>("the answer", body).map_err(|fault| {
        let problem = serde_json::from_slice::<Value>(body).ok().as_ref().and_then(Problem::of_value);
        problem.map_or(fault, |problem| Fault::Told(Box::new(problem)))
    })?;
    let is_text = |block: &Block| block.class.as_deref().is_none_or(|class| class == "text");
    Ok(Whole {
        id: answer.id,
        model: answer.model,
        parts: text(answer.content.into_iter().filter(is_text).filter_map(|block| block.text).collect()),
        extra: Map::new(),
        finish: answer.stop_reason.map_or(Finish::Unknown, finish),
        usage: answer.usage.map(Usage::from),
    })
}

fn text(text: String) -> Vec<Part> {
    if text.is_empty() { Vec::new() } else { vec![Part::Text(text)] }
}

pub(super) fn finish(reason: String) -> Finish {
    match reason.as_str() {
        "end_turn" | "stop_sequence" => Finish::Stop,
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "tool_use" => Finish::ToolUse,
        "refusal" => Finish::Refusal,
        _ => Finish::Other(reason),
    }
}

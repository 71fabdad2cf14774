//! Chat Completions on the wire: requests, whole answers and usage. Reads leniently: what an answer can do without may be
//! missing or odd.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::family::{Ask, Unfit};
use crate::lenient::lenient;
use crate::problem::{Fault, Problem, Whole, json};
use crate::{Finish, Usage, Vendor};

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Cow<'a, str>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

pub(super) fn encode(ask: &Ask<'_>) -> Result<Vec<u8>, Unfit> {
    let call = ask.call;
    let system = call.system.iter().map(|text| Message { role: "system", content: Cow::Borrowed(text) });
    let spoken = call.messages.iter().map(|message| Message { role: message.role.as_str(), content: message.text() });
    Ok(serde_json::to_vec(&Request {
        model: ask.model,
        messages: system.chain(spoken).collect(),
        max_completion_tokens: call.options.max_tokens,
        temperature: call.options.temperature,
        stop: &call.options.stop,
        stream: ask.stream.then_some(true),
        stream_options: ask.stream.then_some(StreamOptions { include_usage: true }),
    })?)
}

#[derive(Deserialize)]
struct Completion {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    model: Option<String>,
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default, deserialize_with = "lenient")]
    usage: Option<WireUsage>,
}

#[derive(Deserialize)]
struct Choice {
    message: Answer,
    #[serde(default, deserialize_with = "lenient")]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    content: Option<Content>,
    #[serde(default, deserialize_with = "lenient")]
    refusal: Option<String>,
}

/// Text, or a list of parts some of which are text.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
pub(super) struct Part {
    #[serde(default, deserialize_with = "lenient")]
    text: Option<String>,
}

impl Content {
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Parts(parts) => parts.into_iter().filter_map(|part| part.text).collect(),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct WireUsage {
    #[serde(default, deserialize_with = "lenient")]
    prompt_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    completion_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(default, deserialize_with = "lenient")]
    completion_tokens_details: Option<CompletionDetails>,
    /// DeepSeek's.
    #[serde(default, deserialize_with = "lenient")]
    prompt_cache_hit_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct PromptDetails {
    #[serde(default, deserialize_with = "lenient")]
    cached_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    cache_write_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct CompletionDetails {
    #[serde(default, deserialize_with = "lenient")]
    reasoning_tokens: Option<u64>,
}

impl From<WireUsage> for Usage {
    fn from(wire: WireUsage) -> Self {
        let prompt = wire.prompt_tokens_details;
        let cached = prompt.as_ref().and_then(|details| details.cached_tokens).or(wire.prompt_cache_hit_tokens);
        Self::new(
            wire.prompt_tokens.unwrap_or_default(),
            cached.unwrap_or_default(),
            prompt.and_then(|details| details.cache_write_tokens).unwrap_or_default(),
            wire.completion_tokens.unwrap_or_default(),
            wire.completion_tokens_details.and_then(|details| details.reasoning_tokens).unwrap_or_default(),
        )
    }
}

pub(super) fn decode(body: &[u8], _: &Vendor) -> Result<Whole, Fault> {
    let completion = match json::<Completion>("the answer", body) {
        Ok(completion) if !completion.choices.is_empty() => completion,
        // Most errors look like an answer without choices; the rest fail to parse.
        other => {
            return Err(match serde_json::from_slice::<Value>(body).ok().as_ref().and_then(Problem::of_value) {
                Some(problem) => Fault::Told(Box::new(problem)),
                None => other.err().unwrap_or_else(|| Fault::Malformed(String::from("the answer has no choices"))),
            });
        }
    };
    let Completion { id, model, choices, usage } = completion;
    let mut choices = choices.into_iter();
    let Some(Choice { message, finish_reason }) = choices.next() else {
        return Err(Fault::Malformed(String::from("the answer has no choices")));
    };
    let refusal = message.refusal.filter(|refusal| !refusal.is_empty());
    let refused = refusal.is_some();
    let text = message.content.map(Content::into_text).unwrap_or_default();
    Ok(Whole {
        id,
        model,
        parts: [
            Some(crate::Part::Text(text)).filter(|part| part.as_text() != Some("")),
            refusal.map(crate::Part::Refusal),
        ]
        .into_iter()
        .flatten()
        .collect(),
        extra: Map::new(),
        finish: match (refused, finish_reason) {
            (true, _) => Finish::Refusal,
            (false, Some(reason)) => finish(reason),
            (false, None) => Finish::Unknown,
        },
        usage: usage.map(Usage::from),
    })
}

pub(super) fn finish(reason: String) -> Finish {
    match reason.as_str() {
        "stop" => Finish::Stop,
        "length" => Finish::Length,
        "tool_calls" | "function_call" => Finish::ToolUse,
        "content_filter" => Finish::ContentFilter,
        _ => Finish::Other(reason),
    }
}

//! One part of a message: a text, an image, a call of a tool, and what else there is.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Api, Image, ToolCall, ToolResult};

/// One part of a message. Its `Debug` tells kind and size, never the contents.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Part {
    /// A text.
    Text(String),
    /// An image.
    Image(Image),
    /// The model wants a tool to be called.
    ToolCall(ToolCall),
    /// What a tool answered.
    ToolResult(ToolResult),
    /// What the model thought before it answered.
    Reasoning(Reasoning),
    /// The model says that it will not answer.
    Refusal(String),
    /// Everything up to here is worth keeping in the provider's prompt cache. APIs that cache by themselves are not told.
    CachePoint(CacheTtl),
    /// A part in the words of one API. It goes back to that API untouched, and to no other.
    Other(Other),
}

/// What the model thought. To go on with a conversation in which tools are called, it must be given back as it came.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reasoning {
    /// The thoughts, or a summary of them; may be empty.
    pub text: String,
    /// The provider's name for this part (Responses).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What proves to the provider that the text is its own (Messages).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Thoughts that only the provider can read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opaque: Option<String>,
}

/// A part, or an event, in the words of one API.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Other {
    /// Whose words these are.
    pub api: Api,
    /// The part as it came, or as it is to be sent.
    pub value: Value,
}

/// How long a provider's prompt cache keeps what it is asked to keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CacheTtl {
    /// As long as the provider does by itself; five minutes at Anthropic.
    #[default]
    Standard,
    /// An hour at Anthropic, a day at OpenAI. Writing to it costs more.
    Long,
}

impl Part {
    /// The text of a text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Calls `tell` with everything in it that must not be told.
    pub(crate) fn contents<'a>(&'a self, tell: &mut dyn FnMut(&'a str)) {
        match self {
            Self::Text(text) | Self::Refusal(text) => tell(text),
            Self::ToolCall(call) => tell(&call.arguments),
            Self::ToolResult(result) => result.parts.iter().for_each(|part| part.contents(tell)),
            Self::Reasoning(reasoning) => tell(&reasoning.text),
            Self::Image(image) => tell(image.address()),
            Self::Other(other) => strings(&other.value, tell),
            Self::CachePoint(_) => {}
        }
    }
}

/// Calls `tell` with every text inside of a value.
pub(crate) fn strings<'a>(value: &'a Value, tell: &mut dyn FnMut(&'a str)) {
    match value {
        Value::String(text) => tell(text),
        Value::Array(list) => list.iter().for_each(|value| strings(value, tell)),
        Value::Object(map) => map.values().for_each(|value| strings(value, tell)),
        _ => {}
    }
}

/// About how many bytes a value takes.
pub(crate) fn size(value: &Value) -> usize {
    let inside = match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(size).sum(),
        Value::Object(map) => map.iter().map(|(name, value)| name.len() + size(value)).sum(),
        _ => 0,
    };
    size_of::<Value>() + inside
}

impl Reasoning {
    /// Thoughts without anything that belongs to a provider.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl Other {
    /// A part in the words of `api`.
    #[must_use]
    pub const fn new(api: Api, value: Value) -> Self {
        Self { api, value }
    }

    /// Its `type`, where it has one.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.value.get("type").and_then(Value::as_str)
    }
}

impl From<Image> for Part {
    fn from(image: Image) -> Self {
        Self::Image(image)
    }
}

impl From<ToolCall> for Part {
    fn from(call: ToolCall) -> Self {
        Self::ToolCall(call)
    }
}

impl From<ToolResult> for Part {
    fn from(result: ToolResult) -> Self {
        Self::ToolResult(result)
    }
}

impl From<Reasoning> for Part {
    fn from(reasoning: Reasoning) -> Self {
        Self::Reasoning(reasoning)
    }
}

impl From<Other> for Part {
    fn from(other: Other) -> Self {
        Self::Other(other)
    }
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Image(image) => image.fmt(f),
            Self::ToolCall(call) => call.fmt(f),
            Self::ToolResult(result) => result.fmt(f),
            Self::Reasoning(reasoning) => reasoning.fmt(f),
            Self::Refusal(text) => write!(f, "Refusal({} bytes)", text.len()),
            Self::CachePoint(ttl) => f.debug_tuple("CachePoint").field(ttl).finish(),
            Self::Other(other) => other.fmt(f),
        }
    }
}

impl fmt::Debug for Reasoning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reasoning")
            .field("text_len", &self.text.len())
            .field("id", &self.id)
            .field("is_signed", &self.signature.is_some())
            .field("is_opaque", &self.opaque.is_some())
            .finish()
    }
}

impl fmt::Debug for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Other").field("api", &self.api).finish_non_exhaustive()
    }
}

//! What messages are made of, as it is written.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::{CacheTtl, ImageSource};

/// One block, and whether everything up to it is to be kept in the prompt cache.
pub(super) struct Block<'a> {
    pub(super) content: Content<'a>,
    pub(super) cache: Option<CacheTtl>,
}

pub(super) enum Content<'a> {
    Text(&'a str),
    Image(&'a ImageSource),
    ToolUse { id: &'a str, name: &'a str, input: Input<'a> },
    ToolResult { id: &'a str, contents: Vec<Block<'a>>, is_error: bool },
    Thinking { text: &'a str, signature: &'a str },
    Redacted(&'a str),
    Other(&'a Value),
}

/// The arguments of a call, which the API takes as an object alone.
pub(super) enum Input<'a> {
    Object(&'a RawValue),
    Empty,
    /// No JSON, or no object. The conversation can go on all the same: it is wrapped as the API's documentation of
    /// fine-grained tool streaming says.
    Invalid(&'a str),
}

impl<'a> Input<'a> {
    pub(super) fn of(arguments: &'a str) -> Self {
        let arguments = arguments.trim();
        match serde_json::from_str::<&RawValue>(arguments) {
            _ if arguments.is_empty() => Self::Empty,
            Ok(raw) if raw.get().starts_with('{') => Self::Object(raw),
            _ => Self::Invalid(arguments),
        }
    }
}

impl<'a> Block<'a> {
    pub(super) fn new(content: Content<'a>) -> Self {
        Self { content, cache: None }
    }

    /// Whether the API takes a mark for the cache here.
    pub(super) fn takes_mark(&self) -> bool {
        match &self.content {
            Content::Thinking { .. } | Content::Redacted(_) => false,
            Content::Other(value) => value.is_object(),
            _ => true,
        }
    }

    /// How many marks for the cache are on it and in it.
    pub(super) fn cache_points(&self) -> usize {
        let inside = match &self.content {
            Content::ToolResult { contents, .. } => contents.iter().map(Self::cache_points).sum(),
            Content::Other(value) if self.cache.is_none() => usize::from(is_marked(value)),
            _ => 0,
        };
        inside + usize::from(self.cache.is_some())
    }
}

/// Whether something in the API's own words has a mark for the cache.
pub(super) fn is_marked(value: &Value) -> bool {
    value.get("cache_control").is_some_and(|mark| !mark.is_null())
}

impl Serialize for Block<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let none = Map::new();
        let own = match &self.content {
            Content::Other(Value::Object(own)) => own,
            Content::Other(value) => return value.serialize(serializer),
            _ => &none,
        };
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in own.iter().filter(|(name, _)| self.cache.is_none() || *name != "cache_control") {
            map.serialize_entry(name, value)?;
        }
        match &self.content {
            Content::Text(text) => {
                map.serialize_entry("type", "text")?;
                map.serialize_entry("text", text)?;
            }
            Content::Image(source) => {
                map.serialize_entry("type", "image")?;
                map.serialize_entry("source", &Source::of(source))?;
            }
            Content::ToolUse { id, name, input } => {
                map.serialize_entry("type", "tool_use")?;
                map.serialize_entry("id", id)?;
                map.serialize_entry("name", name)?;
                map.serialize_entry("input", input)?;
            }
            Content::ToolResult { id, contents, is_error } => {
                map.serialize_entry("type", "tool_result")?;
                map.serialize_entry("tool_use_id", id)?;
                if !contents.is_empty() {
                    map.serialize_entry("content", &Contents(contents))?;
                }
                if *is_error {
                    map.serialize_entry("is_error", &true)?;
                }
            }
            Content::Thinking { text, signature } => {
                map.serialize_entry("type", "thinking")?;
                map.serialize_entry("thinking", text)?;
                map.serialize_entry("signature", signature)?;
            }
            Content::Redacted(data) => {
                map.serialize_entry("type", "redacted_thinking")?;
                map.serialize_entry("data", data)?;
            }
            Content::Other(_) => {}
        }
        if let Some(ttl) = self.cache {
            map.serialize_entry("cache_control", &CacheControl::of(ttl))?;
        }
        map.end()
    }
}

impl Serialize for Input<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(raw) => raw.serialize(serializer),
            Self::Empty => serializer.serialize_map(Some(0))?.end(),
            Self::Invalid(text) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("INVALID_JSON", text)?;
                map.end()
            }
        }
    }
}

/// Blocks; a text alone is written as such.
pub(super) struct Contents<'a>(pub(super) &'a [Block<'a>]);

impl Serialize for Contents<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            [Block { content: Content::Text(text), cache: None }] => serializer.serialize_str(text),
            blocks => blocks.serialize(serializer),
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Source<'a> {
    Url { url: &'a str },
    Base64 { media_type: &'a str, data: &'a str },
}

impl<'a> Source<'a> {
    fn of(source: &'a ImageSource) -> Self {
        match source {
            ImageSource::Url(url) => Self::Url { url },
            ImageSource::Base64 { media_type, data } => Self::Base64 { media_type, data },
        }
    }
}

/// A mark for the prompt cache.
#[derive(Serialize)]
pub(super) struct CacheControl {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

impl CacheControl {
    pub(super) fn of(ttl: CacheTtl) -> Self {
        Self { kind: "ephemeral", ttl: (ttl == CacheTtl::Long).then_some("1h") }
    }
}

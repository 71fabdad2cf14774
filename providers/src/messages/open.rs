//! What an answer is made of, as it comes: a block that is whole, or the beginning of one.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::lenient::lenient;
use crate::{Api, Other};

/// A block of an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Came {
    Text {
        text: String,
        citations: Vec<Value>,
    },
    Thinking {
        text: String,
        signature: Option<String>,
    },
    Redacted(String),
    /// The arguments are the text of an object.
    Tool {
        id: String,
        name: String,
        arguments: String,
    },
    /// The provider's own tools and their results, and what is not known yet.
    Other(Value),
}

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type", default, deserialize_with = "lenient")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(default, deserialize_with = "lenient")]
    text: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    citations: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct Thinking {
    #[serde(default, deserialize_with = "lenient")]
    thinking: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    signature: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    data: Option<String>,
}

#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
}

impl Came {
    /// Reads a block; `None` when it is no object.
    pub(super) fn read(raw: &RawValue) -> Option<Self> {
        let text = raw.get();
        let Kind { kind } = serde_json::from_str(text).ok().filter(|_| text.starts_with('{'))?;
        match kind.as_deref() {
            None | Some("text") => serde_json::from_str(text).ok().map(|Text { text, citations }| Self::Text {
                text: text.unwrap_or_default(),
                citations: citations.unwrap_or_default(),
            }),
            Some("thinking") => serde_json::from_str(text).ok().map(|Thinking { thinking, signature, .. }| {
                let signature = signature.filter(|signature| !signature.is_empty());
                Self::Thinking { text: thinking.unwrap_or_default(), signature }
            }),
            Some("redacted_thinking") => {
                serde_json::from_str(text).ok().map(|Thinking { data, .. }| Self::Redacted(data.unwrap_or_default()))
            }
            Some("tool_use") => serde_json::from_str(text).ok().map(|Tool { id, name, input }| Self::Tool {
                id: id.unwrap_or_default(),
                name: name.unwrap_or_default(),
                arguments: input.map_or("{}", RawValue::get).to_owned(),
            }),
            Some(_) => serde_json::from_str(text).ok().map(Self::Other),
        }
    }
}

/// The model that goes on where the provider moved the answer to another one.
pub(super) fn moved_to(block: &Value) -> Option<&str> {
    let is_fallback = block.get("type").and_then(Value::as_str) == Some("fallback");
    block.get("to").filter(|_| is_fallback)?.get("model")?.as_str()
}

/// What a piece of the text rests on: `start` and `end` are bytes of the text of the whole answer.
pub(super) fn citation(start: usize, end: usize, citation: Value) -> Value {
    let fields = [("start", start.into()), ("end", end.into()), ("citation", citation)];
    fields.into_iter().map(|(name, value): (_, Value)| (name.to_owned(), value)).collect()
}

pub(super) fn other(value: Value) -> Other {
    Other::new(Api::Messages, value)
}

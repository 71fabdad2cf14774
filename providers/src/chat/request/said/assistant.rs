//! What the model said before.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::content::Content;
use crate::chat::custom::is_custom;
use crate::{Api, Message, Part, Quirks, Reasoning, ToolCall};

/// A message of the model: what it said, what it refused to say, and which tools it called.
pub(super) struct Assistant<'a> {
    message: &'a Message,
    content: Content<'a>,
    quirks: &'a Quirks,
}

/// A call of a tool.
#[derive(Serialize)]
#[serde(untagged)]
enum Called<'a> {
    Function {
        id: &'a str,
        #[serde(rename = "type")]
        kind: &'a str,
        function: Function<'a>,
    },
    Custom(&'a Value),
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: &'a str,
}

impl<'a> Assistant<'a> {
    pub(super) fn new(message: &'a Message, content: Content<'a>, quirks: &'a Quirks) -> Self {
        Self { message, content, quirks }
    }

    fn refusal(&self) -> Option<String> {
        let refusals = self.message.parts.iter().filter_map(|part| match part {
            Part::Refusal(text) => Some(&**text),
            _ => None,
        });
        Some(refusals.collect::<String>()).filter(|text| !text.is_empty())
    }

    fn calls(&self) -> Vec<Called<'a>> {
        let called = |part: &'a Part| match part {
            Part::ToolCall(ToolCall { id, name, arguments }) => {
                Some(Called::Function { id, kind: "function", function: Function { name, arguments } })
            }
            Part::Other(other) if other.api == Api::ChatCompletions && is_custom(&other.value) => {
                Some(Called::Custom(&other.value))
            }
            _ => None,
        };
        self.message.parts.iter().filter_map(called).collect()
    }

    /// What the model thought, in words that belong to nobody else.
    fn thoughts(&self) -> Option<String> {
        let thoughts = self.message.parts.iter().filter_map(|part| match part {
            Part::Reasoning(Reasoning { text, id: None, signature: None, opaque: None }) => Some(&**text),
            _ => None,
        });
        Some(thoughts.collect::<String>()).filter(|text| !text.is_empty())
    }
}

impl Serialize for Assistant<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (refusal, calls) = (self.refusal(), self.calls());
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("role", "assistant")?;
        let has_more = refusal.is_some() || !calls.is_empty();
        let content = Some(&self.content).filter(|content| !has_more || !content.is_empty());
        map.serialize_entry("content", &content)?;
        if let Some(refusal) = refusal {
            map.serialize_entry("refusal", &refusal)?;
        }
        if !calls.is_empty() {
            map.serialize_entry("tool_calls", &calls)?;
            if let (Some(field), Some(thoughts)) = (&self.quirks.thoughts, self.thoughts()) {
                map.serialize_entry(field, &thoughts)?;
            }
        }
        map.end()
    }
}

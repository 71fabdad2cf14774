//! The conversation, as `messages`.

mod assistant;
mod content;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use crate::{Call, Message, Part, Quirks, Role, ToolResult};

use assistant::Assistant;
use content::Content;

/// The field `messages`.
pub(super) struct Said<'a> {
    pub(super) call: &'a Call,
    pub(super) quirks: &'a Quirks,
}

/// A message that is made of contents alone.
#[derive(Serialize)]
struct Plain<'a> {
    role: &'a str,
    content: Content<'a>,
}

/// The answer of one tool.
#[derive(Serialize)]
struct Answer<'a> {
    role: &'a str,
    tool_call_id: &'a str,
    content: Content<'a>,
}

impl Serialize for Said<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        if let Some(text) = &self.call.system {
            list.serialize_element(&Plain { role: "system", content: Content::text(text) })?;
        }
        for message in &*self.call.messages {
            self.message(message, &mut list)?;
        }
        list.end()
    }
}

impl Said<'_> {
    /// One message of ours may be several of theirs: each answer of a tool is one.
    fn message<L: SerializeSeq>(&self, message: &Message, list: &mut L) -> Result<(), L::Error> {
        let mut results = 0;
        for result in message.parts.iter().filter_map(result) {
            results += 1;
            let content = Content::new(&result.parts);
            list.serialize_element(&Answer { role: "tool", tool_call_id: &result.call_id, content })?;
        }
        let content = Content::new(&message.parts);
        match message.role {
            Role::Assistant => list.serialize_element(&Assistant::new(message, content, self.quirks)),
            Role::Tool => Ok(()),
            Role::User if results > 0 && content.is_empty() => Ok(()),
            Role::Developer if !self.quirks.developer => list.serialize_element(&Plain { role: "system", content }),
            role => list.serialize_element(&Plain { role: role.as_str(), content }),
        }
    }
}

fn result(part: &Part) -> Option<&ToolResult> {
    match part {
        Part::ToolResult(result) => Some(result),
        _ => None,
    }
}

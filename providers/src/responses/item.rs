//! One output item, read leniently: what it is, and what is in it.

use serde_json::{Map, Value, json};

/// An output item.
pub(super) struct Item {
    /// The provider's name for it.
    pub(super) id: Option<String>,
    pub(super) body: Body,
}

pub(super) enum Body {
    Message(Vec<Content>),
    Call {
        call_id: String,
        name: String,
        arguments: String,
    },
    Thought {
        summaries: Vec<String>,
        contents: Vec<String>,
        /// What only the provider can read.
        opaque: Option<String>,
    },
    /// In the API's own words, with its type.
    Other(Value),
}

/// What an item is, as far as items are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Message,
    Call,
    Thought,
    Other,
}

/// A piece of a message.
pub(super) enum Content {
    Text(String),
    Refusal(String),
    /// A message of this piece alone, so that it can be given back.
    Other(Value),
}

impl Kind {
    pub(super) fn of(item: &Value) -> Self {
        match item.get("type").and_then(Value::as_str) {
            Some("message") => Self::Message,
            Some("function_call") => Self::Call,
            Some("reasoning") => Self::Thought,
            _ => Self::Other,
        }
    }
}

impl Item {
    pub(super) fn of(mut item: Value) -> Self {
        let id = item.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()).map(str::to_owned);
        let body = match Kind::of(&item) {
            Kind::Message => Body::Message(list(&mut item, "content").into_iter().map(Content::of).collect()),
            Kind::Call => Body::Call {
                call_id: text(&mut item, "call_id").or_else(|| id.clone()).unwrap_or_default(),
                name: text(&mut item, "name").unwrap_or_default(),
                arguments: text(&mut item, "arguments").unwrap_or_default(),
            },
            Kind::Thought => Body::Thought {
                summaries: texts(&mut item, "summary"),
                contents: texts(&mut item, "content"),
                opaque: text(&mut item, "encrypted_content"),
            },
            Kind::Other => Body::Other(item),
        };
        Self { id, body }
    }

    pub(super) fn kind(&self) -> Kind {
        match self.body {
            Body::Message(_) => Kind::Message,
            Body::Call { .. } => Kind::Call,
            Body::Thought { .. } => Kind::Thought,
            Body::Other(_) => Kind::Other,
        }
    }
}

impl Content {
    pub(super) fn of(mut content: Value) -> Self {
        match content.get("type").and_then(Value::as_str) {
            Some("output_text" | "text") => Self::Text(text(&mut content, "text").unwrap_or_default()),
            Some("refusal") => Self::Refusal(text(&mut content, "refusal").unwrap_or_default()),
            _ => Self::Other(json!({ "type": "message", "role": "assistant", "content": [content] })),
        }
    }
}

/// Whether the caller has to do something about an item of this type before the model can go on.
pub(super) fn waits_for_caller(item: &Value) -> bool {
    matches!(
        item.get("type").and_then(Value::as_str),
        Some("function_call" | "custom_tool_call" | "computer_call" | "local_shell_call" | "apply_patch_call")
    )
}

/// What the texts of a message refer to.
pub(super) fn annotations(item: &Value) -> impl Iterator<Item = &Value> {
    let contents = item.get("content").and_then(Value::as_array).into_iter().flatten();
    contents.filter_map(|content| content.get("annotations").and_then(Value::as_array)).flatten()
}

/// Takes a field out of an object.
fn take(value: &mut Value, field: &str) -> Option<Value> {
    value.as_object_mut().and_then(|fields: &mut Map<String, Value>| fields.remove(field))
}

pub(super) fn text(value: &mut Value, field: &str) -> Option<String> {
    match take(value, field) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn list(value: &mut Value, field: &str) -> Vec<Value> {
    match take(value, field) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}

fn texts(value: &mut Value, field: &str) -> Vec<String> {
    list(value, field).into_iter().map(|mut piece| text(&mut piece, "text").unwrap_or_default()).collect()
}

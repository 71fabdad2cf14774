//! What the model may call, and the form of what it writes.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{OutputFormat, Tool, ToolChoice};

/// A tool. Functions are flat, unlike in Chat Completions.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Declared<'a> {
    Own(&'a Value),
    Function {
        #[serde(rename = "type")]
        class: &'static str,
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        parameters: &'a Value,
        /// Must be there; `null` leaves it to the provider.
        strict: Option<bool>,
        #[serde(flatten)]
        extra: &'a Map<String, Value>,
    },
}

pub(super) fn declared(tool: &Tool) -> Declared<'_> {
    match &tool.native {
        Some(native) => Declared::Own(native),
        None => Declared::Function {
            class: "function",
            name: &tool.name,
            description: tool.description.as_deref(),
            parameters: &tool.schema,
            strict: tool.strict,
            extra: &tool.extra,
        },
    }
}

/// Which tools the model has to call.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Choice<'a> {
    Word(&'static str),
    Tool {
        #[serde(rename = "type")]
        class: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
    },
}

pub(super) fn choice<'a>(choice: &'a ToolChoice, tools: &'a [Tool]) -> Choice<'a> {
    match choice {
        ToolChoice::Auto => Choice::Word("auto"),
        ToolChoice::None => Choice::Word("none"),
        ToolChoice::Required => Choice::Word("required"),
        ToolChoice::Named(name) => {
            // A tool that the provider runs itself is known by its type.
            let native = tools.iter().find(|tool| tool.name == *name).and_then(|tool| tool.native.as_ref());
            match native.and_then(|native| native.get("type")).and_then(Value::as_str) {
                Some(class) => Choice::Tool { class, name: (class != name).then_some(name) },
                None => Choice::Tool { class: "function", name: Some(name) },
            }
        }
    }
}

/// The form of the text.
#[derive(Serialize)]
pub(super) struct Form<'a> {
    format: Format<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Format<'a> {
    JsonObject,
    JsonSchema { name: &'a str, schema: &'a Value, strict: bool },
}

pub(super) fn form(format: &OutputFormat) -> Option<Form<'_>> {
    let format = match format {
        OutputFormat::Text => return None,
        OutputFormat::Json => Format::JsonObject,
        OutputFormat::Schema { name, schema, strict } => Format::JsonSchema { name, schema, strict: *strict },
    };
    Some(Form { format })
}

//! The tools that the model may call, and which of them it has to.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::{Quirks, Tool, ToolChoice};

/// The field `tools`.
pub(super) struct Offered<'a> {
    pub(super) tools: &'a [Tool],
    pub(super) quirks: &'a Quirks,
}

struct One<'a> {
    tool: &'a Tool,
    strict: Option<bool>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Value::is_null")]
    parameters: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

impl Serialize for Offered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let strict = |tool: &Tool| tool.strict.filter(|_| self.quirks.strict);
        serializer.collect_seq(self.tools.iter().map(|tool| One { tool, strict: strict(tool) }))
    }
}

impl Serialize for One<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Tool { name, description, schema, extra, native, .. } = self.tool;
        if let Some(native) = native {
            return native.serialize(serializer);
        }
        let function = Function { name, description: description.as_deref(), parameters: schema, strict: self.strict };
        let mut map = serializer.serialize_map(None)?;
        let ours = |field: &str| !extra.contains_key(field);
        if ours("type") {
            map.serialize_entry("type", "function")?;
        }
        if ours("function") {
            map.serialize_entry("function", &function)?;
        }
        for (field, value) in extra {
            map.serialize_entry(field, value)?;
        }
        map.end()
    }
}

/// The field `tool_choice`.
pub(super) struct Choice<'a> {
    pub(super) choice: &'a ToolChoice,
    pub(super) tools: &'a [Tool],
}

impl Serialize for Choice<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.choice {
            ToolChoice::Auto => serializer.serialize_str("auto"),
            ToolChoice::None => serializer.serialize_str("none"),
            ToolChoice::Required => serializer.serialize_str("required"),
            ToolChoice::Named(name) => {
                let tool = self.tools.iter().find(|tool| tool.name == *name);
                let custom = tool.and_then(|tool| tool.native.as_ref()).and_then(|native| native.get("custom"));
                match custom.and_then(|custom| custom.get("name")) {
                    Some(name) => json!({ "type": "custom", "custom": { "name": name } }).serialize(serializer),
                    None => json!({ "type": "function", "function": { "name": name } }).serialize(serializer),
                }
            }
        }
    }
}

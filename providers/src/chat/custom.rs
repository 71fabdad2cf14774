//! Calls of tools that take a text instead of arguments: OpenAI's custom tools. They stay in its own words.

use serde_json::Value;

/// Whether this is the call of such a tool, rather than a part of a message's content.
pub(super) fn is_custom(value: &Value) -> bool {
    value.get("custom").is_some_and(Value::is_object)
}

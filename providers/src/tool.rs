//! What the model may call.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::part::strings;

/// A tool that the model may call. Its `Debug` tells the name alone.
///
/// ```
/// use serde_json::json;
/// use steadfast_providers::Tool;
///
/// let weather = Tool::new(
///     "get_weather",
///     json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] }),
/// )
/// .description("The weather of a city, now.");
/// assert_eq!(weather.name, "get_weather");
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tool {
    /// What the model calls it by.
    pub name: String,
    /// What it is good for, in words for the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The JSON Schema of its arguments, an object.
    pub schema: Arc<Value>,
    /// Whether the arguments have to fit the schema exactly; `None` leaves it to the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
    /// The provider's own fields beside these.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
    /// The tool in a provider's own words, in place of all the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<Value>,
}

/// Which tools the model has to call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ToolChoice {
    /// Those that it wants to.
    #[default]
    Auto,
    /// None.
    None,
    /// At least one.
    Required,
    /// This one.
    Named(String),
}

impl Tool {
    /// A tool whose arguments fit this JSON Schema.
    #[must_use]
    pub fn new(name: impl Into<String>, schema: impl Into<Arc<Value>>) -> Self {
        let (name, schema) = (name.into(), schema.into());
        Self { name, description: None, schema, strict: None, extra: Map::new(), native: None }
    }

    /// A tool that a provider runs itself, in the provider's own words.
    #[must_use]
    pub fn native(value: Value) -> Self {
        let word = |field| value.get(field).and_then(Value::as_str);
        let name = word("name").or_else(|| word("type")).unwrap_or_default().to_owned();
        Self { native: Some(value), ..Self::new(name, Value::Null) }
    }

    /// Says what it is good for.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Has the provider see to it that the arguments fit the schema exactly.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = Some(strict);
        self
    }

    /// Adds a field of the provider's own.
    #[must_use]
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    pub(crate) fn contents<'a>(&'a self, tell: &mut dyn FnMut(&'a str)) {
        self.description.as_deref().into_iter().for_each(&mut *tell);
        strings(&self.schema, tell);
    }
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tool").field("name", &self.name).field("strict", &self.strict).finish_non_exhaustive()
    }
}

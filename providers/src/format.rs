//! The form that an answer has to have.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The form that an answer has to have. Its `Debug` tells a schema's name alone.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OutputFormat {
    /// Any text.
    #[default]
    Text,
    /// Any JSON. Some providers insist that the conversation asks for it, too.
    Json,
    /// JSON that fits a schema.
    #[non_exhaustive]
    Schema {
        /// What the form is called: letters, digits, `_` and `-`, at most 64.
        name: String,
        /// The JSON Schema.
        schema: Arc<Value>,
        /// Whether the provider has to see to it that the answer fits exactly.
        strict: bool,
    },
}

impl OutputFormat {
    /// JSON that fits this schema exactly.
    #[must_use]
    pub fn schema(name: impl Into<String>, schema: impl Into<Arc<Value>>) -> Self {
        Self::Schema { name: name.into(), schema: schema.into(), strict: true }
    }

    /// JSON that the model is asked to fit to this schema, without a guarantee: for schemas that the guarantee does not
    /// reach.
    #[must_use]
    pub fn loose_schema(name: impl Into<String>, schema: impl Into<Arc<Value>>) -> Self {
        Self::Schema { name: name.into(), schema: schema.into(), strict: false }
    }
}

impl fmt::Debug for OutputFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("Text"),
            Self::Json => f.write_str("Json"),
            Self::Schema { name, strict, .. } => {
                f.debug_struct("Schema").field("name", name).field("strict", strict).finish_non_exhaustive()
            }
        }
    }
}

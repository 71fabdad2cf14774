//! A call of a tool by the model, and the answer to it.

use std::error::Error as StdError;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Part;

/// The model wants a tool to be called. Its `Debug` tells no arguments.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolCall {
    /// The provider's name for this call: the [`ToolResult`] quotes it.
    pub id: String,
    /// Which tool.
    pub name: String,
    /// The arguments as the model wrote them: JSON, unless the model made a mistake or ran out of tokens.
    pub arguments: String,
}

/// What a tool answered. Its `Debug` tells no contents.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolResult {
    /// Which call it answers.
    pub call_id: String,
    /// The answer: texts and, where the API takes them, images.
    pub parts: Vec<Part>,
    /// Whether the tool failed; the answer says how.
    #[serde(default)]
    pub is_error: bool,
}

/// Arguments that are not what they should be. Says where, and does not quote them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidArguments {
    /// The tool that was to be called.
    pub tool: String,
    /// The line at which reading stopped, from 1.
    pub line: usize,
    /// The column, from 1; 0 at the beginning of a line.
    pub column: usize,
    /// They end too early: the model ran out of tokens, or was cut off.
    pub is_cut: bool,
}

impl ToolCall {
    /// A call.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), arguments: arguments.into() }
    }

    /// The arguments. None at all are an empty object.
    ///
    /// # Errors
    ///
    /// They are no JSON. They are still in [`arguments`](Self::arguments).
    pub fn input(&self) -> Result<Value, InvalidArguments> {
        self.parse()
    }

    /// The arguments as a type of yours.
    ///
    /// # Errors
    ///
    /// They are no JSON, or do not fit the type.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, InvalidArguments> {
        let arguments = if self.arguments.trim().is_empty() { "{}" } else { &*self.arguments };
        serde_json::from_str(arguments).map_err(|error| InvalidArguments {
            tool: self.name.clone(),
            line: error.line(),
            column: error.column(),
            is_cut: error.is_eof(),
        })
    }

    /// The answer to this call.
    #[must_use]
    pub fn result(&self, answer: impl Into<Part>) -> ToolResult {
        ToolResult::new(self.id.clone(), answer)
    }
}

impl ToolResult {
    /// The answer to the call of this id.
    #[must_use]
    pub fn new(call_id: impl Into<String>, answer: impl Into<Part>) -> Self {
        Self { call_id: call_id.into(), parts: vec![answer.into()], is_error: false }
    }

    /// Adds a part at the end.
    #[must_use]
    pub fn part(mut self, part: impl Into<Part>) -> Self {
        self.parts.push(part.into());
        self
    }

    /// Says that the tool failed.
    #[must_use]
    pub fn failed(mut self) -> Self {
        self.is_error = true;
        self
    }
}

impl fmt::Debug for ToolCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolCall")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("arguments_len", &self.arguments.len())
            .finish()
    }
}

impl fmt::Debug for ToolResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolResult")
            .field("call_id", &self.call_id)
            .field("parts", &self.parts)
            .field("is_error", &self.is_error)
            .finish()
    }
}

impl fmt::Display for InvalidArguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tool, line, column, is_cut } = self;
        let how = if *is_cut { "end too early" } else { "are not what the tool takes" };
        write!(
            f,
            "the arguments of {tool} {how} (line {line} column {column}): ask the model again, or allow more tokens"
        )
    }
}

impl StdError for InvalidArguments {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_are_read_or_reported() {
        let call = |arguments: &str| ToolCall::new("c-1", "find", arguments);
        assert_eq!(call(r#"{"a": 1}"#).input().unwrap(), json!({ "a": 1 }));
        assert_eq!(call(" ").input().unwrap(), json!({}));
        let cut = call(r#"{"secret": "#).input().unwrap_err();
        assert!(cut.is_cut && !cut.to_string().contains("secret"), "{cut}");
        let wrong = call(r#"{"unit": celsius}"#).input().unwrap_err();
        assert!(!wrong.is_cut && wrong.column > 0 && wrong.to_string().contains("find"));
        assert!(!format!("{:?}", call("secret")).contains("secret"));
    }
}

//! Why an answer ends.

use std::fmt;

use serde::{Serialize, Serializer};

/// Why an answer ends, in words that are the same for every provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Finish {
    /// All is said, or a stop text came.
    Stop,
    /// The limit on the answer's tokens, or the model's context, is used up.
    Length,
    /// The model wants a tool to be called.
    ToolUse,
    /// The provider's filter took the answer away.
    ContentFilter,
    /// The model refuses; the text may say why.
    Refusal,
    /// Another reason, in the provider's own word.
    Other(String),
    /// The provider did not say.
    Unknown,
}

impl Finish {
    /// The reason as a word: `stop`, `length`, `tool_use`, `content_filter`, `refusal`, `unknown`, or the provider's own.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolUse => "tool_use",
            Self::ContentFilter => "content_filter",
            Self::Refusal => "refusal",
            Self::Other(word) => word,
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Finish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Finish {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

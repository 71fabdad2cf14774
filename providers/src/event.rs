//! What comes out of a stream.

use std::fmt;

use serde_json::Value;

use crate::part::size;
use crate::{Finish, Other, Part, Seam, Usage};

/// One event of a streamed answer. The start comes first and the finish last; what the answer is made of comes in between,
/// in its order; usage comes at any time, each one replacing the one before. After the finish nothing follows.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The answer begins. Told again where the provider moves an answer that has begun to another model.
    #[non_exhaustive]
    Start {
        /// Who answers.
        provider: String,
        /// Which model answers, as the provider names it.
        model: String,
        /// The provider's name for this answer.
        id: Option<String>,
    },
    /// The next piece of the text.
    Text(String),
    /// The next piece of what the model thinks.
    Reasoning(String),
    /// A thought is complete; what the provider wants back with it.
    ReasoningEnd(ReasoningEnd),
    /// The next piece of what the model says where it will not answer.
    Refusal(String),
    /// The model begins to call a tool.
    #[non_exhaustive]
    ToolCallStart {
        /// Which of the calls of this answer, from 0. Calls may be written side by side.
        index: u32,
        /// The provider's name for the call.
        id: String,
        /// Which tool.
        name: String,
    },
    /// The next piece of a call's arguments.
    #[non_exhaustive]
    ToolCallDelta {
        /// Which of the calls.
        index: u32,
        /// A piece of JSON.
        arguments: String,
    },
    /// A call is complete.
    #[non_exhaustive]
    ToolCallEnd {
        /// Which of the calls.
        index: u32,
    },
    /// A part in the words of the API, whole.
    Other(Other),
    /// What else the provider says about the answer, by its name.
    #[non_exhaustive]
    Extra {
        /// The name.
        name: String,
        /// The value; a later one of the same name replaces it.
        value: Value,
    },
    /// From here on another provider writes; only where a router was told to continue streams.
    Seam(Seam),
    /// The tokens of the whole call so far.
    Usage(Usage),
    /// The answer is complete.
    Finish(Finish),
}

/// What a provider wants back with a thought; empty where it wants nothing.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReasoningEnd {
    /// As in [`Reasoning::id`](crate::Reasoning::id).
    pub id: Option<String>,
    /// As in [`Reasoning::signature`](crate::Reasoning::signature).
    pub signature: Option<String>,
    /// As in [`Reasoning::opaque`](crate::Reasoning::opaque).
    pub opaque: Option<String>,
}

impl Event {
    /// The beginning of an answer, for providers of your own.
    #[must_use]
    pub fn start(provider: impl Into<String>, model: impl Into<String>, id: Option<String>) -> Self {
        Self::Start { provider: provider.into(), model: model.into(), id }
    }

    /// The beginning of a call of a tool.
    #[must_use]
    pub fn tool_call(index: u32, id: impl Into<String>, name: impl Into<String>) -> Self {
        Self::ToolCallStart { index, id: id.into(), name: name.into() }
    }

    /// A piece of the arguments of a call.
    #[must_use]
    pub fn tool_arguments(index: u32, arguments: impl Into<String>) -> Self {
        Self::ToolCallDelta { index, arguments: arguments.into() }
    }

    /// The end of a call of a tool.
    #[must_use]
    pub const fn tool_call_end(index: u32) -> Self {
        Self::ToolCallEnd { index }
    }

    /// What else the provider says.
    #[must_use]
    pub fn extra(name: impl Into<String>, value: Value) -> Self {
        Self::Extra { name: name.into(), value }
    }

    /// Whether it is part of the answer, so that the call cannot be moved to another provider unnoticed.
    pub(crate) fn is_content(&self) -> bool {
        match self {
            Self::Text(text) | Self::Reasoning(text) | Self::Refusal(text) => !text.is_empty(),
            Self::ToolCallStart { .. } | Self::ToolCallDelta { .. } | Self::ToolCallEnd { .. } => true,
            Self::ReasoningEnd(_) | Self::Other(_) => true,
            Self::Start { .. } | Self::Extra { .. } | Self::Seam(_) | Self::Usage(_) | Self::Finish(_) => false,
        }
    }

    /// About how many bytes it holds.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(text) | Self::Reasoning(text) | Self::Refusal(text) => text.len(),
            Self::ToolCallDelta { arguments, .. } => arguments.len(),
            Self::ToolCallStart { id, name, .. } => size_of::<Part>() + id.len() + name.len(),
            Self::ReasoningEnd(ReasoningEnd { id, signature, opaque }) => {
                let len = |text: &Option<String>| text.as_ref().map_or(0, String::len);
                size_of::<Part>() + len(id) + len(signature) + len(opaque)
            }
            Self::Other(Other { value, .. }) | Self::Extra { value, .. } => size_of::<Part>() + size(value),
            Self::ToolCallEnd { .. } | Self::Start { .. } | Self::Seam(_) | Self::Usage(_) | Self::Finish(_) => 0,
        }
    }
}

impl ReasoningEnd {
    /// The end of a thought of which the provider wants nothing back.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl fmt::Debug for Event {
    /// Tells how long a text is and never the text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { provider, model, id } => {
                f.debug_struct("Start").field("provider", provider).field("model", model).field("id", id).finish()
            }
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Reasoning(text) => write!(f, "Reasoning({} bytes)", text.len()),
            Self::ReasoningEnd(end) => end.fmt(f),
            Self::Refusal(text) => write!(f, "Refusal({} bytes)", text.len()),
            Self::ToolCallStart { index, id, name } => {
                f.debug_struct("ToolCallStart").field("index", index).field("id", id).field("name", name).finish()
            }
            Self::ToolCallDelta { index, arguments } => {
                write!(f, "ToolCallDelta({index}, {} bytes)", arguments.len())
            }
            Self::ToolCallEnd { index } => write!(f, "ToolCallEnd({index})"),
            Self::Other(other) => other.fmt(f),
            Self::Extra { name, .. } => f.debug_struct("Extra").field("name", name).finish_non_exhaustive(),
            Self::Seam(seam) => seam.fmt(f),
            Self::Usage(usage) => f.debug_tuple("Usage").field(usage).finish(),
            Self::Finish(finish) => f.debug_tuple("Finish").field(finish).finish(),
        }
    }
}

impl fmt::Debug for ReasoningEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReasoningEnd").field("id", &self.id).finish_non_exhaustive()
    }
}

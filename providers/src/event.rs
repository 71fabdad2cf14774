//! What comes out of a stream.

use std::fmt;

use crate::{Finish, Usage};

/// One event of a streamed answer. They come in this order: start, texts, finish; usage in between, each one replacing
/// the one before. After the finish nothing follows.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The answer begins.
    #[non_exhaustive]
    Start {
        /// Who answers.
        provider: String,
        /// Which model answers, as the provider names it.
        model: String,
        /// The provider's name for this answer.
        id: Option<String>,
    },
    /// The next piece of the answer.
    Text(String),
    /// The tokens of the whole call so far.
    Usage(Usage),
    /// The answer is complete.
    Finish(Finish),
}

impl Event {
    /// The beginning of an answer, for providers of your own.
    #[must_use]
    pub fn start(provider: impl Into<String>, model: impl Into<String>, id: Option<String>) -> Self {
        Self::Start { provider: provider.into(), model: model.into(), id }
    }

    /// Whether it is part of the answer, so that the call cannot be moved to another provider unnoticed.
    pub(crate) fn is_content(&self) -> bool {
        matches!(self, Self::Text(text) if !text.is_empty())
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
            Self::Usage(usage) => f.debug_tuple("Usage").field(usage).finish(),
            Self::Finish(finish) => f.debug_tuple("Finish").field(finish).finish(),
        }
    }
}

//! The APIs that the clients speak.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An API: what requests, answers and streams look like. Many vendors share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Api {
    /// OpenAI's Chat Completions, which most vendors speak.
    ChatCompletions,
    /// OpenAI's Responses.
    Responses,
    /// Anthropic's Messages.
    Messages,
}

impl Api {
    /// The API as a word: `chat_completions`, `responses`, `messages`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat_completions",
            Self::Responses => "responses",
            Self::Messages => "messages",
        }
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Api {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        [Self::ChatCompletions, Self::Responses, Self::Messages]
            .into_iter()
            .find(|api| api.as_str() == word)
            .ok_or_else(|| format!("unknown API `{word}`: there are chat_completions, responses and messages"))
    }
}

//! How much the model thinks before it answers.

use serde::{Deserialize, Serialize};

/// How hard the model tries, as OpenAI's `reasoning_effort` and Anthropic's `output_config.effort` have it. Which of these
/// a model takes is the model's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effort {
    /// It does not think at all.
    None,
    /// As little as possible.
    Minimal,
    /// A little.
    Low,
    /// As usual.
    Medium,
    /// A lot.
    High,
    /// More than that, where there is more.
    ExtraHigh,
    /// As much as it can.
    Max,
    /// Another degree, in the provider's own word.
    Other(String),
}

impl Effort {
    /// The degree as the vendors spell it: `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`, or the word itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::ExtraHigh => "xhigh",
            Self::Max => "max",
            Self::Other(word) => word,
        }
    }
}

/// Whether the model thinks aloud before it answers (Anthropic's `thinking`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Thinking {
    /// As much as the question needs.
    Adaptive,
    /// With at most so many tokens, which are part of the answer's.
    Budget(u32),
    /// Between calls of tools alone.
    BetweenTools,
    /// Not at all.
    Off,
}

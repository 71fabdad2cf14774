//! Everything that a call may ask for beside its messages.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{CacheTtl, Effort, OutputFormat, Thinking, Tool, ToolChoice};

/// Everything that a call may ask for beside its messages. What is `None` or empty is left to the provider.
///
/// It is written whole into the key of a cache: a field that is added counts there by itself.
#[derive(Clone, Default, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct Options {
    pub(crate) max_tokens: Option<u32>,
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) top_k: Option<u32>,
    pub(crate) frequency_penalty: Option<f64>,
    pub(crate) presence_penalty: Option<f64>,
    pub(crate) seed: Option<i64>,
    pub(crate) stop: Vec<String>,
    pub(crate) tools: Vec<Tool>,
    pub(crate) tool_choice: Option<ToolChoice>,
    pub(crate) parallel_tools: Option<bool>,
    pub(crate) format: OutputFormat,
    pub(crate) effort: Option<Effort>,
    pub(crate) thinking: Option<Thinking>,
    pub(crate) prompt_cache: Option<PromptCache>,
    pub(crate) service_tier: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) previous: Option<String>,
    pub(crate) background: bool,
    /// It reaches no provider.
    #[serde(skip)]
    pub(crate) cancel_on_drop: bool,
    pub(crate) store: Option<bool>,
    pub(crate) betas: Vec<String>,
    pub(crate) extra: Map<String, Value>,
    /// By the name of the provider.
    pub(crate) extra_for: BTreeMap<String, Map<String, Value>>,
}

/// What the provider's own prompt cache is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct PromptCache {
    /// Calls with the same key are sent to where the beginning of the conversation is cached (OpenAI's
    /// `prompt_cache_key`).
    pub key: Option<String>,
    /// How long the conversation so far is kept.
    pub ttl: CacheTtl,
}

impl PromptCache {
    /// The conversation so far is kept as long as the provider does by itself.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls with the same key share what is cached.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sets how long it is kept.
    #[must_use]
    pub fn ttl(mut self, ttl: CacheTtl) -> Self {
        self.ttl = ttl;
        self
    }
}

impl Options {
    /// The fields of the provider's own: those for all, then those for it alone.
    pub(crate) fn extras<'a>(&'a self, provider: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.extra.iter().chain(self.extra_for.get(provider).into_iter().flatten())
    }

    /// The first number that is none, by its name.
    pub(crate) fn not_finite(&self) -> Option<&'static str> {
        [
            ("temperature", self.temperature),
            ("top_p", self.top_p),
            ("frequency penalty", self.frequency_penalty),
            ("presence penalty", self.presence_penalty),
        ]
        .into_iter()
        .find_map(|(name, value)| value.is_some_and(|value| !value.is_finite()).then_some(name))
    }
}

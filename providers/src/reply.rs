//! A whole answer.

use std::fmt;

use crate::{Attempt, CacheHit, Finish, Usage};

/// A whole answer. Its `Debug` tells the length of the text and never the text.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Reply {
    /// The answer.
    pub text: String,
    /// Why it ends here.
    pub finish: Finish,
    /// What it took; zeros where the provider did not say.
    pub usage: Usage,
    /// Who answered.
    pub provider: String,
    /// Which model answered, as the provider names it.
    pub model: String,
    /// The provider's name for this answer.
    pub id: Option<String>,
    /// Every attempt that was made, at every provider, in order.
    pub attempts: Vec<Attempt>,
    /// How often the call was moved to another provider.
    pub fallbacks: u32,
    /// Where the answer comes from when this call asked nobody for it. `usage` is what it took when it was asked for.
    pub cached: Option<CacheHit>,
}

impl Reply {
    /// An answer without usage and ledger, for providers of your own.
    #[must_use]
    pub fn new(provider: impl Into<String>, model: impl Into<String>, text: impl Into<String>, finish: Finish) -> Self {
        Self {
            text: text.into(),
            finish,
            usage: Usage::default(),
            provider: provider.into(),
            model: model.into(),
            id: None,
            attempts: Vec::new(),
            fallbacks: 0,
            cached: None,
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("text_len", &self.text.len())
            .field("finish", &self.finish)
            .field("usage", &self.usage)
            .field("provider", &self.provider)
            .field("model", &self.model)
            .field("id", &self.id)
            .field("attempts", &self.attempts)
            .field("fallbacks", &self.fallbacks)
            .field("cached", &self.cached)
            .finish()
    }
}

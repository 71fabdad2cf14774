//! How many tokens a call took, counted the same way for every provider.

use serde::Serialize;

/// Tokens of one call.
///
/// `input` is everything the model read, whatever the provider calls it: OpenAI's `prompt_tokens` includes cached
/// tokens, Anthropic's `input_tokens` does not. Always `uncached() + cached_read + cache_write == input`, and
/// `reasoning <= output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Usage {
    /// All tokens that the model read.
    pub input: u64,
    /// Those of `input` that were read from the provider's prompt cache.
    pub cached_read: u64,
    /// Those of `input` that were written to the provider's prompt cache.
    pub cache_write: u64,
    /// All tokens that the model wrote.
    pub output: u64,
    /// Those of `output` that it wrote for itself, to think.
    pub reasoning: u64,
}

impl Usage {
    /// Counts, of which `input` and `output` are the totals. A total that is smaller than its parts is raised to their
    /// sum: there are providers that leave the parts out of it.
    #[must_use]
    pub fn new(input: u64, cached_read: u64, cache_write: u64, output: u64, reasoning: u64) -> Self {
        let cache_write = cache_write.min(u64::MAX - cached_read);
        Self {
            input: input.max(cached_read + cache_write),
            cached_read,
            cache_write,
            output: output.max(reasoning),
            reasoning,
        }
    }

    /// Those of `input` that had nothing to do with a cache.
    #[must_use]
    pub fn uncached(&self) -> u64 {
        self.input.saturating_sub(self.cached_read).saturating_sub(self.cache_write)
    }

    /// This and that together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cached_read: self.cached_read.saturating_add(other.cached_read),
            cache_write: self.cache_write.saturating_add(other.cache_write),
            output: self.output.saturating_add(other.output),
            reasoning: self.reasoning.saturating_add(other.reasoning),
        }
    }

    /// Everything read and written.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// Whether the provider told anything: no call reads and writes nothing.
    #[must_use]
    pub fn is_known(&self) -> bool {
        *self != Self::default()
    }
}

//! What a key may do in a minute.

mod bucket;
mod date;
mod fields;
mod meter;

pub(super) use meter::{Meter, Spent};

/// What each key of a simulated vendor may do in a minute. What is not set is not limited.
///
/// Each limit is a token bucket that holds one minute's worth, is full at first and fills evenly. A vendor knows the
/// limits that the real one has: OpenAI requests and tokens, Anthropic requests, input tokens and output tokens. A
/// request is charged when it is answered: OpenAI's with all its tokens, Anthropic's with its uncached input and its
/// output. Beyond a limit it is charged nothing and answered by 429, with `retry-after` in whole seconds unless it is
/// larger than a minute's worth.
///
/// ```
/// use steadfast_testkit::{LlmLimits, LlmSim};
///
/// let limits = LlmLimits::new().requests_per_minute(60).tokens_per_minute(150_000);
/// let builder = LlmSim::builder().limits(limits);
/// # let _ = builder;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct LlmLimits {
    requests: Option<u64>,
    tokens: Option<u64>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

impl LlmLimits {
    /// No limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Requests a minute, for both vendors; 0 refuses all.
    pub fn requests_per_minute(mut self, n: u64) -> Self {
        self.requests = Some(n);
        self
    }

    /// Tokens a minute, in and out, for OpenAI.
    pub fn tokens_per_minute(mut self, n: u64) -> Self {
        self.tokens = Some(n);
        self
    }

    /// Input tokens a minute that are not read from the cache, for Anthropic.
    pub fn input_tokens_per_minute(mut self, n: u64) -> Self {
        self.input_tokens = Some(n);
        self
    }

    /// Output tokens a minute, for Anthropic.
    pub fn output_tokens_per_minute(mut self, n: u64) -> Self {
        self.output_tokens = Some(n);
        self
    }
}

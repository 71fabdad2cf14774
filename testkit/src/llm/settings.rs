//! What the simulated providers say, and how they count.

use std::time::Duration;

/// What the providers answer, how fast, and to whom.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) answer: String,
    pub(super) structured: Option<String>,
    pub(super) reasoning: Option<String>,
    pub(super) refusal: Option<String>,
    /// The tools to call, by name, and their arguments.
    pub(super) calls: Vec<(String, String)>,
    pub(super) cached_tokens: u64,
    pub(super) cache_write_tokens: u64,
    pub(super) reasoning_tokens: Option<u64>,
    pub(super) token_delay: Duration,
    pub(super) key: Option<String>,
}

/// What the providers answer when nothing else was asked for.
const ANSWER: &str = "Every call deserves an answer, even when the first try fails. This one comes from a simulated \
                      provider: token by token, the same each time, and counted at the end.";

impl Default for Settings {
    fn default() -> Self {
        Self {
            answer: ANSWER.to_owned(),
            structured: None,
            reasoning: None,
            refusal: None,
            calls: Vec::new(),
            cached_tokens: 0,
            cache_write_tokens: 0,
            reasoning_tokens: None,
            token_delay: Duration::ZERO,
            key: None,
        }
    }
}

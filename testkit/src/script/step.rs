//! One line of a script.

use super::{Matcher, Reply};

/// One step of a [`Script`](crate::Script): what it answers, how often, and how.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// Which requests it is for.
    pub matcher: Matcher,
    /// How many requests of one target it answers; `None` is no limit.
    pub times: Option<u64>,
    /// What happens to them.
    pub then: Reply,
}

impl Step {
    /// Answers every request with `then`.
    #[must_use]
    pub fn new(then: Reply) -> Self {
        Self { matcher: Matcher::new(), times: None, then }
    }

    /// Only requests that fit the matcher.
    #[must_use]
    pub fn matching(mut self, matcher: Matcher) -> Self {
        self.matcher = matcher;
        self
    }

    /// At most `n` requests of one target.
    #[must_use]
    pub fn times(mut self, n: u64) -> Self {
        self.times = Some(n);
        self
    }
}

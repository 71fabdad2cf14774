//! What is known of an answer that nobody was asked for.

use std::time::Duration;

use crate::Usd;

/// Where an answer comes from that this call asked nobody for, and what that saved.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct CacheHit {
    /// Why it was given.
    pub kind: HitKind,
    /// How old the answer is, by the calendar.
    pub age: Duration,
    /// The tokens that the answer took when it was asked for; zero when the provider did not say.
    pub tokens_saved: u64,
    /// What they would cost, by the price of the model that gave the answer; `None` when that is not known.
    pub cost_saved: Option<Usd>,
}

/// Why an answer was given that this call asked nobody for.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum HitKind {
    /// It is kept, to the very same question.
    Exact,
    /// The same, and it is out of date: a new one is asked for meanwhile.
    Stale,
    /// It is kept, to a question of nearly the same words.
    #[non_exhaustive]
    Similar {
        /// How similar the questions are, `0.0 ..= 1.0`.
        similarity: f64,
    },
    /// Another call asked the same at the same time.
    Shared,
}

impl CacheHit {
    /// A hit.
    #[must_use]
    pub const fn new(kind: HitKind, age: Duration, tokens_saved: u64) -> Self {
        Self { kind, age, tokens_saved, cost_saved: None }
    }

    /// Sets what the answer would cost.
    #[must_use]
    pub const fn worth(mut self, cost: Option<Usd>) -> Self {
        self.cost_saved = cost;
        self
    }

    /// How similar the question is that was answered; `None` when it is the very same.
    #[must_use]
    pub const fn similarity(&self) -> Option<f64> {
        match self.kind {
            HitKind::Similar { similarity } => Some(similarity),
            _ => None,
        }
    }
}

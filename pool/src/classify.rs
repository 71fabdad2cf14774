//! What an answer means: whether to try again, and what the breaker learns from it.

use std::fmt;

use http::HeaderMap;
use steadfast_backoff::{StatusSet, Verdict};
use steadfast_breaker::Outcome;

/// The head of an answer, and of a refusal also the beginning of its body.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Answer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The first 64 KiB of the body of a plain answer, or of a streamed one with a status of 400 and above;
    /// otherwise empty.
    pub body: &'a [u8],
}

impl<'a> Answer<'a> {
    /// An answer, for tests of a classifier.
    #[must_use]
    pub fn new(status: u16, headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self { status, headers, body }
    }
}

impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).field("body_len", &self.body.len()).finish()
    }
}

/// What to do with an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Judgement {
    /// Done, retry or fatal. A retry without a hint gets the one of the answer's `retry-after-ms` or `Retry-After`.
    pub verdict: Verdict,
    /// What the breaker learns: 5xx are failures; a 429 says nothing about health; other answers are successes.
    pub health: Outcome,
}

impl Judgement {
    /// A judgement of both parts.
    #[must_use]
    pub fn new(verdict: Verdict, health: Outcome) -> Self {
        Self { verdict, health }
    }

    /// The health that a bare status tells.
    #[must_use]
    pub fn health_of(status: u16) -> Outcome {
        match status {
            429 => Outcome::Ignored,
            500.. => Outcome::Failure,
            _ => Outcome::Success,
        }
    }
}

/// Decides what an answer means.
pub trait Classify: Send + Sync {
    /// Judges one answer.
    fn classify(&self, answer: &Answer<'_>) -> Judgement;
}

impl Classify for StatusSet {
    fn classify(&self, answer: &Answer<'_>) -> Judgement {
        let verdict = match answer.status {
            status if self.contains(status) => Verdict::Retry { hint: None, cost: 1 },
            400.. => Verdict::Fatal,
            _ => Verdict::Done,
        };
        Judgement::new(verdict, Judgement::health_of(answer.status))
    }
}

//! The ledger of a call: one record for each attempt at each provider.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

/// One attempt: who was asked, and what came of it. Holds no contents and no credentials.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Attempt {
    /// The provider that was asked.
    pub provider: Arc<str>,
    /// The model that was asked.
    pub model: Arc<str>,
    /// How it went: number, status, failure, how far it got, how long it took, the wait that followed. Numbers begin at 1
    /// for each provider.
    #[serde(flatten)]
    pub http: steadfast_pool::Attempt,
}

impl Attempt {
    /// A record.
    #[must_use]
    pub fn new(provider: impl Into<Arc<str>>, model: impl Into<Arc<str>>, http: steadfast_pool::Attempt) -> Self {
        Self { provider: provider.into(), model: model.into(), http }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.provider, self.model, self.http)
    }
}

//! A model that a provider offers.

use serde::Serialize;
use serde_json::{Map, Value};

/// A model that a provider offers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ModelInfo {
    /// What it is called in calls.
    pub id: String,
    /// What it is called in prose.
    pub name: Option<String>,
    /// When it was made, in seconds since 1970.
    pub created: Option<i64>,
    /// The most tokens that it reads and writes in one call.
    pub context: Option<u64>,
    /// What else the provider says about it.
    pub extra: Map<String, Value>,
}

impl ModelInfo {
    /// A model of which nothing but the name is known.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), name: None, created: None, context: None, extra: Map::new() }
    }
}

//! Where a vendor's endpoints are.

use serde::{Deserialize, Serialize};

/// What is appended to a vendor's base URL for each of its endpoints; `None` where it has no such endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Endpoints {
    /// Texts become vectors: `/embeddings`.
    pub embeddings: Option<String>,
    /// Which models there are: `/models`.
    pub models: Option<String>,
    /// How many tokens a call would take: `/v1/messages/count_tokens`.
    pub count_tokens: Option<String>,
}

//! OpenAI's Chat Completions, and the many APIs that are shaped like it.

mod decode;
mod wire;

use std::fmt;
use std::sync::Arc;

use steadfast_pool::Pool;

use crate::client::Client;
use crate::vendor::Vendor;
use crate::{BoxFuture, Call, ClientBuilder, Error, ErrorKind, Identity, Provider, Reply, ReplyStream};

/// A client of OpenAI's Chat Completions API (`POST {base}/chat/completions`), or of one shaped like it. Clones share
/// everything.
///
/// ```
/// use steadfast_providers::{OpenAi, pool::Pool};
///
/// let local = OpenAi::builder(Pool::new()?).base_url("http://localhost:11434/v1").model("llama").build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct OpenAi(pub(crate) Arc<Client>);

impl OpenAi {
    /// Starts to put a client together. Its breakers, one for each model, key and base URL, live in the pool.
    pub fn builder(pool: Pool) -> ClientBuilder<Self> {
        ClientBuilder::new(pool, &VENDOR)
    }
}

impl Provider for OpenAi {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn model(&self) -> &str {
        &self.0.model
    }

    fn identity(&self, call: &Call) -> Option<Identity> {
        Some(self.0.identity(call))
    }

    fn complete(&self, call: Call) -> BoxFuture<'static, Result<Reply, Error>> {
        Box::pin(Arc::clone(&self.0).complete(call))
    }

    fn stream(&self, call: Call) -> BoxFuture<'static, Result<ReplyStream, Error>> {
        Box::pin(Arc::clone(&self.0).stream(call))
    }
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OpenAi").field(&self.0).finish()
    }
}

/// Error words: the API reference, and what its users report.
pub(crate) static VENDOR: Vendor = Vendor {
    name: "openai",
    base_url: "https://api.openai.com/v1",
    path: "/chat/completions",
    doubled: Some("/chat/completions"),
    key_variable: "OPENAI_API_KEY",
    key_header: ("authorization", "Bearer "),
    headers: &[],
    request_id: "x-request-id",
    codes: &[
        ("insufficient_quota", ErrorKind::QuotaSpent),
        ("credit_balance_exhausted", ErrorKind::QuotaSpent),
        ("organization_spend_limit_exceeded", ErrorKind::QuotaSpent),
        ("project_spend_limit_exceeded", ErrorKind::QuotaSpent),
        ("organization_usage_limit_exceeded", ErrorKind::QuotaSpent),
        ("invalid_api_key", ErrorKind::Authentication),
        ("model_not_found", ErrorKind::NotFound),
        ("context_length_exceeded", ErrorKind::TooLarge),
        ("content_filter", ErrorKind::ContentRefused),
        ("content_policy_violation", ErrorKind::ContentRefused),
        ("invalid_prompt", ErrorKind::ContentRefused),
        ("rate_limit_exceeded", ErrorKind::RateLimited),
        ("slow_down", ErrorKind::RateLimited),
    ],
    classes: &[
        ("server_error", ErrorKind::Server),
        ("overloaded_error", ErrorKind::Overloaded),
        ("too_many_requests", ErrorKind::RateLimited),
        ("invalid_request_error", ErrorKind::InvalidRequest),
        ("authentication_error", ErrorKind::Authentication),
    ],
    encode: wire::encode,
    decode: wire::decode,
    decoder: decode::decoder,
};

//! Anthropic's Messages.

mod decode;
mod wire;

use std::fmt;
use std::sync::Arc;

use steadfast_pool::Pool;

use crate::client::Client;
use crate::vendor::Vendor;
use crate::{BoxFuture, Call, ClientBuilder, Error, ErrorKind, Identity, Provider, Reply, ReplyStream};

/// A client of Anthropic's Messages API (`POST {base}/v1/messages`, version 2023-06-01). Clones share everything.
///
/// ```no_run
/// use steadfast_providers::{Anthropic, ApiKey, pool::Pool};
///
/// let key = ApiKey::from_env("ANTHROPIC_API_KEY")?;
/// let claude = Anthropic::builder(Pool::new()?).api_key(key).model("claude-sonnet-4-5").build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Anthropic(pub(crate) Arc<Client>);

impl Anthropic {
    /// Starts to put a client together. Its breakers, one for each model, key and base URL, live in the pool.
    pub fn builder(pool: Pool) -> ClientBuilder<Self> {
        ClientBuilder::new(pool, &VENDOR)
    }
}

impl Provider for Anthropic {
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

impl fmt::Debug for Anthropic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Anthropic").field(&self.0).finish()
    }
}

/// Error words: the API reference and the official client's types.
pub(crate) static VENDOR: Vendor = Vendor {
    name: "anthropic",
    base_url: "https://api.anthropic.com",
    path: "/v1/messages",
    doubled: Some("/v1"),
    key_variable: "ANTHROPIC_API_KEY",
    key_header: ("x-api-key", ""),
    headers: &[("anthropic-version", "2023-06-01")],
    request_id: "request-id",
    codes: &[
        ("enforced_spend_limit_reached", ErrorKind::QuotaSpent),
        ("ramp_limit_exceeded", ErrorKind::RateLimited),
        ("billing_error", ErrorKind::QuotaSpent),
    ],
    classes: &[
        ("overloaded_error", ErrorKind::Overloaded),
        ("api_error", ErrorKind::Server),
        ("rate_limit_error", ErrorKind::RateLimited),
        ("timeout_error", ErrorKind::Timeout),
        ("conflict_error", ErrorKind::Conflict),
        ("invalid_request_error", ErrorKind::InvalidRequest),
        ("authentication_error", ErrorKind::Authentication),
        ("permission_error", ErrorKind::Permission),
        ("not_found_error", ErrorKind::NotFound),
        ("request_too_large", ErrorKind::TooLarge),
    ],
    encode: wire::encode,
    decode: wire::decode,
    decoder: decode::decoder,
};

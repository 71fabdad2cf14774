//! Answers that several callers share.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use steadfast_cache::SingleFlight;
use url::Url;

use crate::config::PoolConfig;
use crate::error::Error;
use crate::identity;
use crate::request::Request;
use crate::response::Head;
use crate::response_cache::ResponseCache;
use crate::transport::Connected;

/// What a pool shares between its callers.
#[derive(Default)]
pub(crate) struct Sharing {
    pub(crate) coalesce: bool,
    pub(crate) cache: Option<ResponseCache>,
    pub(crate) flights: SingleFlight<Wanted, Arc<Landed>, Error>,
}

/// What an answer depends on: who asks for the same is given the same.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Wanted(Arc<Facts>);

#[derive(PartialEq, Eq, Hash)]
struct Facts {
    method: Method,
    url: Arc<Url>,
    /// By name; those of one name in their order.
    headers: Vec<(HeaderName, HeaderValue)>,
    scope: Option<Arc<str>>,
    max_body: Option<usize>,
}

impl Wanted {
    /// What `request` asks for, with `headers`. What tells one call from another is left out.
    pub(crate) fn of(config: &PoolConfig, request: &Request, headers: &HeaderMap) -> Self {
        let asks = |name: &HeaderName| Some(name) != config.request_id.as_ref() && !identity::is_of_trace(name);
        let mut headers: Vec<_> =
            headers.iter().filter(|(name, _)| asks(name)).map(|(name, value)| (name.clone(), value.clone())).collect();
        headers.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        Self(Arc::new(Facts {
            method: request.method.clone(),
            url: Arc::clone(&request.url),
            headers,
            scope: request.scope.clone(),
            max_body: request.max_body,
        }))
    }
}

/// A whole answer, for all who asked for it.
pub(crate) struct Landed {
    pub(crate) head: Head,
    pub(crate) connection: Option<Connected>,
    pub(crate) body: Bytes,
}

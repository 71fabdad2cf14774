//! By what a call is known: its request id and its trace, the same on all attempts and hops.

use std::num::{NonZeroU64, NonZeroU128};
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use steadfast_backoff::entropy;
use url::Url;

use crate::config::PoolConfig;
use crate::redact::is_credential;
use crate::request::Request;
use crate::trace::{TraceParent, hex};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// A request id. One of ours is text in place, so that making, sending and keeping it allocates next to nothing.
#[derive(Clone)]
enum Id {
    Ours([u8; 32]),
    /// The caller's, as it is told and as it is sent.
    Given(Arc<str>, HeaderValue),
}

/// The longest id that is told, ours and that of a server.
const LONGEST: usize = 128;

/// The id of a call, and the trace that its attempts are spans of.
#[derive(Clone, Default)]
pub(crate) struct Identity {
    id: Option<Id>,
    trace: Option<TraceParent>,
    /// The caller's `traceparent` was none: its `tracestate` goes, too.
    restarted: bool,
}

impl Identity {
    /// The caller's own where the request has them, otherwise new ones.
    pub(crate) fn of(config: &PoolConfig, request: &Request) -> Self {
        if let Some(identity) = &request.identity {
            return identity.clone();
        }
        let id = config.request_id.as_ref().and_then(|name| match request.headers.get(name) {
            Some(own) => Some(Id::Given(readable(own)?.into(), own.clone())),
            None => Some(Id::Ours(hex(random().get()))),
        });
        let own = config.traceparent.then(|| request.headers.get(TRACEPARENT)).flatten();
        let continued = own.and_then(|value| TraceParent::read(value.as_bytes()));
        // The flag says that the caller may have recorded the trace, and the pool's spans tell its id. Without it, those who
        // are called and follow their caller would record nothing.
        let trace = config.traceparent.then(|| continued.unwrap_or_else(|| TraceParent::new(random(), span(), true)));
        Self { id, trace, restarted: own.is_some() && continued.is_none() }
    }

    /// The request id.
    pub(crate) fn id(&self) -> Option<&str> {
        match self.id.as_ref()? {
            Id::Ours(digits) => std::str::from_utf8(digits).ok(),
            Id::Given(text, _) => Some(text),
        }
    }

    /// The trace.
    pub(crate) fn trace_id(&self) -> Option<NonZeroU128> {
        self.trace.map(|trace| trace.trace_id())
    }

    /// Sets the headers of one attempt; tells its span.
    pub(crate) fn stamp(&self, config: &PoolConfig, headers: &mut HeaderMap) -> Option<NonZeroU64> {
        if let (Some(name), Some(id)) = (&config.request_id, &self.id) {
            if !headers.contains_key(name) {
                headers.insert(name, id.value()?);
            }
        }
        let attempt = self.trace?.child(span());
        if self.restarted {
            headers.remove(TRACESTATE);
        }
        headers.insert(TRACEPARENT, HeaderValue::from_bytes(&attempt.written()).ok()?);
        Some(attempt.span_id())
    }
}

impl Id {
    fn value(&self) -> Option<HeaderValue> {
        match self {
            Self::Ours(digits) => HeaderValue::from_bytes(digits).ok(),
            Self::Given(_, value) => Some(value.clone()),
        }
    }
}

/// Whether a header is the trace's.
#[cfg(feature = "cache")]
pub(crate) fn is_of_trace(name: &HeaderName) -> bool {
    name == TRACEPARENT || name == TRACESTATE
}

/// The id that a server gave to the request, of an answer's `x-request-id` or `request-id`; none that repeats a credential
/// or the query of the request.
pub(crate) fn of_server(headers: &HeaderMap, sent: [&HeaderMap; 2], url: &Url) -> Option<String> {
    let value = headers.get(X_REQUEST_ID).or_else(|| headers.get(REQUEST_ID))?;
    let id = readable(value).filter(|id| !id.contains(' '))?;
    let told_back = |secret: &str| secret.contains(id) || (!secret.is_empty() && id.contains(secret));
    // What repeats nothing is no secret: few values are compared by the names of their headers.
    let leaks = sent
        .into_iter()
        .flatten()
        .any(|(name, value)| value.to_str().is_ok_and(told_back) && is_credential(name.as_str(), value))
        || url.query().is_some_and(told_back);
    (!leaks).then(|| id.to_owned())
}

/// An id that can be told: short, one line, no secret.
fn readable(value: &HeaderValue) -> Option<&str> {
    let text = value.to_str().ok()?;
    (!value.is_sensitive() && !text.is_empty() && text.len() <= LONGEST).then_some(text)
}

fn random() -> NonZeroU128 {
    NonZeroU128::new(u128::from(entropy()) << 64 | u128::from(entropy())).unwrap_or(NonZeroU128::MIN)
}

fn span() -> NonZeroU64 {
    NonZeroU64::new(entropy()).unwrap_or(NonZeroU64::MIN)
}

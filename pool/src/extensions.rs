//! What a request of another library's type says in its extensions of how it wants to be treated.

use std::sync::Arc;

use http::{Extensions, header};
use steadfast_backoff::Policy;

use crate::attempt::Attempt;
use crate::context::CallContext;
use crate::request::Request;
use crate::timeouts::Timeouts;

/// The breaker that watches over a request, as an extension of it: see [`Request::scope`](crate::Request::scope).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope(Arc<str>);

impl Scope {
    /// A scope of this name.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }
}

impl Request {
    /// With the headers of another library's request, those of framing apart, and what its extensions say.
    pub(crate) fn adopting(mut self, headers: http::HeaderMap, extensions: &Extensions) -> Self {
        self.headers = headers;
        for name in [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
            self.headers.remove(name);
        }
        if let Some(context) = extensions.get::<CallContext>() {
            self = self.context(context.clone());
        }
        if let Some(timeouts) = extensions.get::<Timeouts>() {
            self = self.timeouts(*timeouts);
        }
        if let Some(policy) = extensions.get::<Policy>() {
            self = self.retry(*policy);
        }
        if let Some(Scope(name)) = extensions.get::<Scope>() {
            self = self.scope(Arc::clone(name));
        }
        self
    }
}

/// The ledger, as an extension of an answer.
pub(crate) fn ledger(attempts: &[Attempt]) -> Arc<[Attempt]> {
    attempts.into()
}

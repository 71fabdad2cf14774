//! The service: hands each request to a future of its own.

use core::fmt;
use core::mem;
use core::task::{Context, Poll};

use steadfast_clock::Timer;
use tower_service::Service;

use super::{ResponseFuture, RetryLayer};
use crate::{Schedule, Verdict};

/// A service whose requests are retried; made by [`RetryLayer`].
#[derive(Clone)]
pub struct Retry<V, J, C, S = crate::Exponential> {
    inner: V,
    layer: RetryLayer<J, C, S>,
}

impl<V, J, C, S> Retry<V, J, C, S> {
    pub(super) const fn new(inner: V, layer: RetryLayer<J, C, S>) -> Self {
        Self { inner, layer }
    }

    /// The service below.
    #[must_use]
    pub const fn inner(&self) -> &V {
        &self.inner
    }
}

impl<V, Q, J, C, S> Service<Q> for Retry<V, J, C, S>
where
    V: Service<Q> + Clone,
    Q: Clone,
    J: FnMut(&Result<V::Response, V::Error>) -> Verdict + Clone,
    C: Timer + Clone,
    S: Schedule + Clone,
{
    type Response = V::Response;
    type Error = V::Error;
    type Future = ResponseFuture<V, Q, J, C, S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), V::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Q) -> Self::Future {
        // The instance that was found ready makes the call; its clone is asked anew for the next one.
        let next = self.inner.clone();
        let ready = mem::replace(&mut self.inner, next);
        ResponseFuture::new(ready, request, self.layer.clone())
    }
}

impl<V: fmt::Debug, J, C, S: fmt::Debug> fmt::Debug for Retry<V, J, C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry").field("inner", &self.inner).field("layer", &self.layer).finish()
    }
}

//! The service: a hedged call for each request.

use core::fmt;
use core::task::{Context, Poll};

use steadfast_clock::Timer;
use tower_service::Service;

use super::{HedgeFuture, HedgeLayer};
use crate::{HedgeDelay, Verdict};

/// A service whose requests are hedged; made by [`HedgeLayer`].
#[derive(Clone)]
pub struct Hedge<S, D, J, C> {
    pub(super) inner: S,
    pub(super) layer: HedgeLayer<D, J, C>,
}

impl<S, Request, D, J, C> Service<Request> for Hedge<S, D, J, C>
where
    S: Service<Request> + Clone,
    Request: Clone,
    C: Timer + Clone,
    D: HedgeDelay + Clone,
    J: FnMut(&Result<S::Response, S::Error>) -> Verdict + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = HedgeFuture<S, Request, D, J, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The instance that is ready sends the request; a clone need not be.
        let clone = self.inner.clone();
        let ready = core::mem::replace(&mut self.inner, clone);
        HedgeFuture::new(ready, request, self.layer.clone())
    }
}

impl<S: fmt::Debug, D: fmt::Debug, J, C> fmt::Debug for Hedge<S, D, J, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hedge").field("inner", &self.inner).field("layer", &self.layer).finish()
    }
}

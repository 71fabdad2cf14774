//! The service.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use steadfast_clock::Clock;
use tower_service::Service;

use super::BreakerFuture;
use super::layer::Classify;
use crate::{CallError, CircuitBreaker, Observer};

/// A service behind a breaker; made by [`BreakerLayer`](super::BreakerLayer).
pub struct BreakerService<S, C, F, O = ()> {
    inner: S,
    breaker: Arc<CircuitBreaker<O>>,
    clock: C,
    classify: F,
}

impl<S, C, F, O> BreakerService<S, C, F, O> {
    /// Puts `inner` behind `breaker`.
    pub const fn new(inner: S, breaker: Arc<CircuitBreaker<O>>, clock: C, classify: F) -> Self {
        Self { inner, breaker, clock, classify }
    }

    /// The breaker.
    #[must_use]
    pub const fn breaker(&self) -> &Arc<CircuitBreaker<O>> {
        &self.breaker
    }
}

impl<S, R, C, F, O> Service<R> for BreakerService<S, C, F, O>
where
    S: Service<R>,
    C: Clock + Clone,
    F: Classify<S::Response, S::Error> + Clone,
    O: Observer,
{
    type Response = S::Response;
    type Error = CallError<S::Error>;
    type Future = BreakerFuture<S::Future, C, F, O>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(CallError::Failed)
    }

    fn call(&mut self, request: R) -> Self::Future {
        // The inner future is made by the instance that was polled ready, in this very call: nothing to swap.
        match self.breaker.permit_owned(self.clock.clone()) {
            Ok(permit) => BreakerFuture::admitted(self.inner.call(request), permit, self.classify.clone()),
            Err(rejected) => BreakerFuture::rejected(rejected),
        }
    }
}

impl<S: Clone, C: Clone, F: Clone, O> Clone for BreakerService<S, C, F, O> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            breaker: Arc::clone(&self.breaker),
            clock: self.clock.clone(),
            classify: self.classify.clone(),
        }
    }
}

impl<S: fmt::Debug, C, F, O> fmt::Debug for BreakerService<S, C, F, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerService")
            .field("inner", &self.inner)
            .field("breaker", &self.breaker)
            .finish_non_exhaustive()
    }
}

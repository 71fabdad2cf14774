//! The service that refuses.

use std::task::{Context, Poll};

use steadfast_clock::Clock;
use tower_service::Service;

use super::{Error, ResponseFuture};
use crate::{Decision, Limiter};

/// A service behind a limiter; made by [`RateLimitLayer`](super::RateLimitLayer).
#[derive(Clone, Copy, Debug)]
pub struct RateLimit<S, L, C> {
    inner: S,
    limiter: L,
    clock: C,
}

impl<S, L, C> RateLimit<S, L, C> {
    /// Puts `inner` behind `limiter`, on the clock that all its users share.
    pub const fn new(inner: S, limiter: L, clock: C) -> Self {
        Self { inner, limiter, clock }
    }

    /// The limiter.
    pub const fn limiter(&self) -> &L {
        &self.limiter
    }
}

impl<S, R, L, C> Service<R> for RateLimit<S, L, C>
where
    S: Service<R>,
    L: Limiter,
    C: Clock,
{
    type Response = S::Response;
    type Error = Error<S::Error>;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Error::Inner)
    }

    fn call(&mut self, request: R) -> Self::Future {
        // The inner future is made by the instance that was polled ready, in this very call: nothing to swap.
        match self.limiter.take(1, self.clock.now()) {
            Decision::Allow(_) => ResponseFuture::admitted(self.inner.call(request)),
            Decision::Deny(denied) => ResponseFuture::limited(denied),
        }
    }
}

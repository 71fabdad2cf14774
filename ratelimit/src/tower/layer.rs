//! The layer that refuses.

use tower_layer::Layer;

use super::RateLimit;

/// Refuses requests that come too often, with [`Error::Limited`](super::Error::Limited).
///
/// A service is ready when the inner one is: the limiter is asked in `call`, for a cost of 1, by `clock`. `L` is a
/// [`Limiter`](crate::Limiter) that all services of this layer share, such as an `Arc` of a
/// [`RateLimiter`](crate::RateLimiter).
///
/// ```
/// use std::sync::Arc;
/// use steadfast_clock::ManualClock;
/// use steadfast_ratelimit::tower::RateLimitLayer;
/// use steadfast_ratelimit::{Quota, RateLimiter};
/// use tower::{Service, ServiceBuilder, ServiceExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = ManualClock::new();
/// let limiter = Arc::new(RateLimiter::with_clock(Quota::per_minute(60)?, clock.clone()));
/// let layer = RateLimitLayer::new(limiter, clock);
/// let mut service =
///     ServiceBuilder::new().layer(layer).service_fn(|n: u32| async move { Ok::<_, std::io::Error>(n + 1) });
/// assert_eq!(service.ready().await?.call(1).await?, 2);
/// let refused = service.ready().await?.call(1).await.unwrap_err();
/// assert_eq!(refused.to_string(), "rate limit \"rate\" reached, next in 1.0s");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a layer does nothing until it is applied"]
pub struct RateLimitLayer<L, C> {
    limiter: L,
    clock: C,
}

impl<L, C> RateLimitLayer<L, C> {
    /// Puts services behind `limiter`, on the clock that all its users share.
    pub const fn new(limiter: L, clock: C) -> Self {
        Self { limiter, clock }
    }
}

impl<S, L: Clone, C: Clone> Layer<S> for RateLimitLayer<L, C> {
    type Service = RateLimit<S, L, C>;

    fn layer(&self, inner: S) -> Self::Service {
        RateLimit::new(inner, self.limiter.clone(), self.clock.clone())
    }
}

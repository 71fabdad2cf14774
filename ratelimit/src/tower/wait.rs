//! The layer that has requests wait in line, and its service.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use steadfast_clock::Timer;
use tower_layer::Layer;
use tower_service::Service;

use super::Error;
use crate::RateLimiter;

/// Has requests wait in line until the limiter admits them, as [`RateLimiter::acquire`] does.
///
/// The order is that of the first polls of the response futures. What cannot be in time is refused at once, with
/// [`Error::Limited`].
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use steadfast_clock::{Clock, TokioTimer};
/// use steadfast_ratelimit::tower::WaitLayer;
/// use steadfast_ratelimit::{Quota, RateLimiter};
/// use tower::{Service, ServiceBuilder, ServiceExt};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?.block_on(async {
/// let timer = TokioTimer::new();
/// let limiter = Arc::new(RateLimiter::new(Quota::per_second(10)?));
/// let layer = WaitLayer::new(limiter, timer).at_most(Duration::from_secs(5));
/// let mut service =
///     ServiceBuilder::new().layer(layer).service_fn(|n: u32| async move { Ok::<_, std::io::Error>(n + 1) });
/// let start = timer.now();
/// for _ in 0..4 {
///     service.ready().await?.call(1).await?;
/// }
/// assert_eq!(timer.now().since(start).as_millis(), 300);
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a layer does nothing until it is applied"]
pub struct WaitLayer<T, C = steadfast_clock::System> {
    limiter: Arc<RateLimiter<C>>,
    timer: T,
    at_most: Option<Duration>,
}

impl<T, C> WaitLayer<T, C> {
    /// Puts services behind `limiter`; `timer` is on the clock that all its users share.
    pub const fn new(limiter: Arc<RateLimiter<C>>, timer: T) -> Self {
        Self { limiter, timer, at_most: None }
    }

    /// Refuses what cannot be admitted within `wait` of its call. Without it requests wait as long as it takes.
    pub const fn at_most(mut self, wait: Duration) -> Self {
        self.at_most = Some(wait);
        self
    }
}

impl<T: Clone, C> Clone for WaitLayer<T, C> {
    fn clone(&self) -> Self {
        Self { limiter: Arc::clone(&self.limiter), timer: self.timer.clone(), at_most: self.at_most }
    }
}

impl<S, T: Clone, C> Layer<S> for WaitLayer<T, C> {
    type Service = Wait<S, T, C>;

    fn layer(&self, inner: S) -> Self::Service {
        Wait { inner, layer: self.clone() }
    }
}

/// A service whose requests wait in line; made by [`WaitLayer`].
#[derive(Debug)]
pub struct Wait<S, T, C = steadfast_clock::System> {
    inner: S,
    layer: WaitLayer<T, C>,
}

impl<S: Clone, T: Clone, C> Clone for Wait<S, T, C> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), layer: self.layer.clone() }
    }
}

impl<S, R, T, C> Service<R> for Wait<S, T, C>
where
    S: Service<R, Future: Send> + Clone + Send + 'static,
    R: Send + 'static,
    T: Timer + Clone + 'static,
    C: Send + Sync + 'static,
{
    type Response = S::Response;
    type Error = Error<S::Error>;
    type Future = WaitFuture<S::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Error::Inner)
    }

    fn call(&mut self, request: R) -> Self::Future {
        // What was polled ready goes with the request; its clone has yet to become ready.
        let clone = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, clone);
        let layer = self.layer.clone();
        let deadline = layer.at_most.map(|wait| layer.timer.now().saturating_add(wait));
        WaitFuture(Box::pin(async move {
            layer.limiter.acquire(1, deadline, &layer.timer).await.map_err(Error::Limited)?;
            ready.call(request).await.map_err(Error::Inner)
        }))
    }
}

/// The response of a [`Wait`] service.
///
/// # Cancel safety
///
/// Dropping it leaves the line, or drops the service's response.
#[must_use = "a future does nothing until it is polled"]
pub struct WaitFuture<T, E>(Pin<Box<dyn Future<Output = Result<T, Error<E>>> + Send>>);

impl<T, E> Future for WaitFuture<T, E> {
    type Output = Result<T, Error<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<T, E> fmt::Debug for WaitFuture<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitFuture").finish_non_exhaustive()
    }
}

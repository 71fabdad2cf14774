//! At most so many requests at once: the layer, its service and its future.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use crate::{Busy, Concurrency, OwnedInFlight};

/// Refuses requests while as many are in flight as may be, with [`ConcurrencyError::Busy`].
///
/// A service is ready when the inner one is: the limit is asked in `call`. A request is in flight until its response is
/// there or its future is dropped; a body that is read later is not counted.
///
/// ```
/// use std::num::NonZeroU32;
/// use std::sync::Arc;
/// use steadfast_ratelimit::Concurrency;
/// use steadfast_ratelimit::tower::ConcurrencyLayer;
/// use tower::{Service, ServiceBuilder, ServiceExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limit = Arc::new(Concurrency::new(NonZeroU32::MIN));
/// let mut service = ServiceBuilder::new()
///     .layer(ConcurrencyLayer::new(Arc::clone(&limit)))
///     .service_fn(|n: u32| async move { Ok::<_, std::io::Error>(n + 1) });
/// let first = service.ready().await?.call(1);
/// assert!(service.ready().await?.call(2).await.is_err());
/// assert_eq!(first.await?, 2);
/// assert_eq!(limit.in_flight(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it is applied"]
pub struct ConcurrencyLayer {
    limit: Arc<Concurrency>,
}

impl ConcurrencyLayer {
    /// Puts services behind one limit, which they share.
    pub const fn new(limit: Arc<Concurrency>) -> Self {
        Self { limit }
    }
}

impl<S> Layer<S> for ConcurrencyLayer {
    type Service = ConcurrencyLimit<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ConcurrencyLimit { inner, limit: Arc::clone(&self.limit) }
    }
}

/// A service behind a concurrency limit; made by [`ConcurrencyLayer`].
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit<S> {
    inner: S,
    limit: Arc<Concurrency>,
}

impl<S, R> Service<R> for ConcurrencyLimit<S>
where
    S: Service<R>,
{
    type Response = S::Response;
    type Error = ConcurrencyError<S::Error>;
    type Future = ConcurrencyFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(ConcurrencyError::Inner)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let state = match self.limit.try_acquire_owned() {
            Ok(permit) => State::InFlight(Box::pin(self.inner.call(request)), permit),
            Err(busy) => State::Busy(busy),
        };
        ConcurrencyFuture { state }
    }
}

/// Why a service behind a concurrency limit did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConcurrencyError<E> {
    /// As many were in flight as may be; the service has not seen the request.
    Busy(Busy),
    /// The service's own error.
    Inner(E),
}

impl<E: fmt::Display> fmt::Display for ConcurrencyError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy(busy) => busy.fmt(f),
            Self::Inner(error) => error.fmt(f),
        }
    }
}

/// Tells what the refusal or the service's error tells, and has the source of that.
impl<E: std::error::Error> std::error::Error for ConcurrencyError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Busy(busy) => busy.source(),
            Self::Inner(error) => error.source(),
        }
    }
}

/// The response of a [`ConcurrencyLimit`] service.
///
/// # Panics
///
/// When polled again after it has given a response.
#[must_use = "a future does nothing until it is polled"]
pub struct ConcurrencyFuture<F> {
    state: State<F>,
}

enum State<F> {
    /// The service's future has an allocation of its own: without `unsafe` there is no other way to what is pinned.
    InFlight(Pin<Box<F>>, OwnedInFlight),
    Busy(Busy),
    Done,
}

// Nothing is pinned in place: the future is boxed.
impl<F> Unpin for ConcurrencyFuture<F> {}

impl<F: Future<Output = Result<T, E>>, T, E> Future for ConcurrencyFuture<F> {
    type Output = Result<T, ConcurrencyError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let output = match &mut self.state {
            State::InFlight(inner, _) => match inner.as_mut().poll(cx) {
                Poll::Ready(output) => output.map_err(ConcurrencyError::Inner),
                Poll::Pending => return Poll::Pending,
            },
            State::Busy(busy) => Err(ConcurrencyError::Busy(*busy)),
            State::Done => unreachable!("polled after it was done"),
        };
        // The permit goes with the response, not with whoever keeps this.
        self.state = State::Done;
        Poll::Ready(output)
    }
}

impl<F> fmt::Debug for ConcurrencyFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            State::InFlight(_, permit) => f.debug_tuple("ConcurrencyFuture").field(permit).finish(),
            State::Busy(busy) => f.debug_tuple("ConcurrencyFuture").field(busy).finish(),
            State::Done => f.write_str("ConcurrencyFuture"),
        }
    }
}

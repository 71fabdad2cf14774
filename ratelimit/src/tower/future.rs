//! The response of a service that refuses what comes too often.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::Error;
use crate::Denied;

/// The response of a [`RateLimit`](super::RateLimit) service.
///
/// # Panics
///
/// When polled again after it has given a denial.
#[must_use = "a future does nothing until it is polled"]
pub struct ResponseFuture<F> {
    state: State<F>,
}

enum State<F> {
    /// The service's future has an allocation of its own: without `unsafe` there is no other way to what is pinned.
    Admitted(Pin<Box<F>>),
    Limited(Option<Denied>),
}

impl<F> ResponseFuture<F> {
    pub(super) fn admitted(inner: F) -> Self {
        Self { state: State::Admitted(Box::pin(inner)) }
    }

    pub(super) const fn limited(denied: Denied) -> Self {
        Self { state: State::Limited(Some(denied)) }
    }
}

// Nothing is pinned in place: the future is boxed.
impl<F> Unpin for ResponseFuture<F> {}

impl<F: Future<Output = Result<T, E>>, T, E> Future for ResponseFuture<F> {
    type Output = Result<T, Error<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.state {
            State::Admitted(inner) => inner.as_mut().poll(cx).map_err(Error::Inner),
            State::Limited(denied) => match denied.take() {
                Some(denied) => Poll::Ready(Err(Error::Limited(denied))),
                None => unreachable!("polled after it was done"),
            },
        }
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let denied = match &self.state {
            State::Admitted(_) => None,
            State::Limited(denied) => denied.as_ref(),
        };
        f.debug_struct("ResponseFuture").field("denied", &denied).finish_non_exhaustive()
    }
}

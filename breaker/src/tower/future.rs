//! The response future.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use steadfast_clock::Clock;

use super::layer::Classify;
use crate::{CallError, Observer, OwnedPermit, Rejected};

/// The response of a [`BreakerService`](super::BreakerService), with the permit of its call: dropped, it abandons that.
///
/// # Panics
///
/// When polled again after it is done.
#[must_use = "futures do nothing unless polled"]
pub struct BreakerFuture<T, C: Clock, F, O: Observer = ()> {
    state: State<T, C, F, O>,
}

enum State<T, C: Clock, F, O: Observer> {
    /// The inner future has an allocation of its own: without `unsafe` there is no other way to what is pinned.
    Admitted {
        inner: Pin<Box<T>>,
        permit: OwnedPermit<C, O>,
        classify: F,
    },
    Rejected(Rejected),
    Done,
}

impl<T, C: Clock, F, O: Observer> BreakerFuture<T, C, F, O> {
    pub(super) fn admitted(inner: T, permit: OwnedPermit<C, O>, classify: F) -> Self {
        Self { state: State::Admitted { inner: Box::pin(inner), permit, classify } }
    }

    pub(super) const fn rejected(rejected: Rejected) -> Self {
        Self { state: State::Rejected(rejected) }
    }
}

/// Nothing in it is pinned in place.
impl<T, C: Clock, F, O: Observer> Unpin for BreakerFuture<T, C, F, O> {}

impl<T, A, E, C, F, O> Future for BreakerFuture<T, C, F, O>
where
    T: Future<Output = Result<A, E>>,
    C: Clock,
    F: Classify<A, E>,
    O: Observer,
{
    type Output = Result<A, CallError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = match &mut self.state {
            State::Admitted { inner, .. } => match inner.as_mut().poll(cx) {
                Poll::Ready(result) => Some(result),
                Poll::Pending => return Poll::Pending,
            },
            State::Rejected(_) | State::Done => None,
        };
        let result = match (std::mem::replace(&mut self.state, State::Done), result) {
            (State::Admitted { permit, classify, .. }, Some(result)) => {
                permit.settle(classify.outcome(&result));
                result.map_err(CallError::Failed)
            }
            (State::Rejected(rejected), _) => Err(CallError::Rejected(rejected)),
            _ => unreachable!("polled after it was done"),
        };
        Poll::Ready(result)
    }
}

impl<T, C: Clock, F, O: Observer> fmt::Debug for BreakerFuture<T, C, F, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = f.debug_struct("BreakerFuture");
        match &self.state {
            State::Admitted { permit, .. } => told.field("permit", permit),
            State::Rejected(rejected) => told.field("rejected", rejected),
            State::Done => &mut told,
        };
        told.finish_non_exhaustive()
    }
}

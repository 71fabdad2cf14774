//! The future of one request: attempt, wait, ready, attempt again.

use alloc::boxed::Box;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use steadfast_clock::{Nanos, Timer};
use tower_service::Service;

use super::RetryLayer;
use crate::{Next, Retry, Schedule, Unlimited, Verdict};

/// The response of a [`Retry`](super::Retry) service.
///
/// One allocation holds the service's own future, and is used again for each attempt; each wait has one of its own.
///
/// # Cancel safety
///
/// Dropping it drops the running attempt or wait.
#[must_use = "a future does nothing until it is polled"]
pub struct ResponseFuture<V, Q, J, C, S>
where
    V: Service<Q>,
    C: Timer,
{
    service: V,
    request: Q,
    layer: RetryLayer<J, C, S>,
    end: Option<Nanos>,
    retry: Retry,
    attempt: Pin<Box<V::Future>>,
    stage: Stage<C::Sleep>,
}

enum Stage<Z> {
    /// The attempt runs.
    Attempt,
    /// The wait before the next attempt.
    Wait(Pin<Box<Z>>),
    /// The service has yet to be ready for the next attempt.
    Ready,
}

impl<V, Q, J, C, S> ResponseFuture<V, Q, J, C, S>
where
    V: Service<Q>,
    Q: Clone,
    C: Timer,
{
    /// `service` is ready.
    pub(super) fn new(mut service: V, request: Q, layer: RetryLayer<J, C, S>) -> Self {
        let end = layer.total_limit.map(|limit| layer.timer.now().saturating_add(limit));
        let mut retry = Retry::new(Nanos::ZERO);
        retry.begin();
        let attempt = Box::pin(service.call(request.clone()));
        Self { service, request, layer, end, retry, attempt, stage: Stage::Attempt }
    }
}

// Nothing is pinned in place: the futures are boxed.
impl<V: Service<Q>, Q, J, C: Timer, S> Unpin for ResponseFuture<V, Q, J, C, S> {}

impl<V, Q, J, C, S> Future for ResponseFuture<V, Q, J, C, S>
where
    V: Service<Q>,
    Q: Clone,
    J: FnMut(&Result<V::Response, V::Error>) -> Verdict,
    C: Timer,
    S: Schedule,
{
    type Output = Result<V::Response, V::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            match &mut this.stage {
                Stage::Attempt => {
                    let result = ready!(this.attempt.as_mut().poll(cx));
                    match this.next(&result) {
                        Some(at) => this.stage = Stage::Wait(Box::pin(this.layer.timer.sleep_until(at))),
                        None => return Poll::Ready(result),
                    }
                }
                Stage::Wait(sleep) => {
                    ready!(sleep.as_mut().poll(cx));
                    this.stage = Stage::Ready;
                }
                Stage::Ready => {
                    ready!(this.service.poll_ready(cx))?;
                    this.retry.begin();
                    this.attempt.set(this.service.call(this.request.clone()));
                    this.stage = Stage::Attempt;
                }
            }
        }
    }
}

impl<V, Q, J, C, S> ResponseFuture<V, Q, J, C, S>
where
    V: Service<Q>,
    J: FnMut(&Result<V::Response, V::Error>) -> Verdict,
    C: Timer,
    S: Schedule,
{
    /// When the next attempt is due, if there is one.
    fn next(&mut self, result: &Result<V::Response, V::Error>) -> Option<Nanos> {
        let RetryLayer { policy, classify, timer, budget, entropy, .. } = &mut self.layer;
        match classify(result) {
            Verdict::Retry { hint, cost } => {
                let (now, budget) = (timer.now(), budget.as_deref().unwrap_or(&Unlimited));
                match self.retry.next(policy, hint, cost, now, self.end, budget, entropy()) {
                    Next::Wait(wait) => Some(now.saturating_add(wait.delay)),
                    Next::Stop(_) => None,
                }
            }
            Verdict::Done => {
                if let (Some(budget), Ok(_)) = (budget, result) {
                    budget.deposit(timer.now());
                }
                None
            }
            Verdict::Fatal => None,
        }
    }
}

impl<V: Service<Q>, Q, J, C: Timer, S> fmt::Debug for ResponseFuture<V, Q, J, C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Attempt => "attempt",
            Stage::Wait(_) => "wait",
            Stage::Ready => "ready",
        };
        f.debug_struct("ResponseFuture").field("retry", &self.retry).field("stage", &stage).finish_non_exhaustive()
    }
}

//! A future against a point in time.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use steadfast_clock::{Nanos, SharedTimer};

/// The future's output if it is there already. The future can be polled on afterwards.
pub(crate) async fn at_once<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

/// The future's output, or `None` when `at` comes first. The future can be polled on afterwards.
#[cfg(any(feature = "cache", feature = "hyper"))]
pub(crate) async fn before<F: Future + ?Sized>(
    timer: &SharedTimer,
    at: Nanos,
    future: Pin<&mut F>,
) -> Option<F::Output> {
    before_due(timer, || at, future).await
}

/// The future's output, or `None` when what `due` says comes first: it is asked once the future turns out not to be ready.
/// The future can be polled on afterwards.
pub(crate) async fn before_due<F: Future + ?Sized>(
    timer: &SharedTimer,
    due: impl Fn() -> Nanos,
    mut future: Pin<&mut F>,
) -> Option<F::Output> {
    let mut sleep = None;
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        let sleep = sleep.get_or_insert_with(|| timer.sleep_until(due()));
        sleep.as_mut().poll(cx).map(|()| None)
    })
    .await
}

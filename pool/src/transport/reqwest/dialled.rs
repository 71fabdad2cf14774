//! Tells whether a request dialled a connection of its own or was sent on one that had been used before.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

tokio::task_local! {
    /// Set by the connector when the request in whose task it runs starts to dial.
    static DIALLED: Arc<AtomicBool>;
}

/// Runs `exchange`; tells whether a connection was dialled for it, and its result.
pub(super) async fn watch<F: Future>(exchange: F) -> (bool, F::Output) {
    let dialled = Arc::new(AtomicBool::new(false));
    let result = DIALLED.scope(Arc::clone(&dialled), exchange).await;
    (dialled.load(Ordering::Relaxed), result)
}

/// Wraps the client's connector.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layer;

impl<S> tower_layer::Layer<S> for Layer {
    type Service = Connector<S>;

    fn layer(&self, inner: S) -> Connector<S> {
        Connector { inner: Arc::new(inner), ready: None }
    }
}

/// The client clones its connector several times for each request, and uses one of the clones where it must dial: only
/// that one is more than a handle.
#[derive(Debug)]
pub(super) struct Connector<S> {
    inner: Arc<S>,
    ready: Option<S>,
}

impl<S> Clone for Connector<S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), ready: None }
    }
}

impl<S, R> tower_service::Service<R> for Connector<S>
where
    S: tower_service::Service<R> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.ready.get_or_insert_with(|| S::clone(&self.inner)).poll_ready(cx)
    }

    fn call(&mut self, destination: R) -> S::Future {
        // Outside a request's task (a connection that finishes in the background) there is nobody to tell.
        let _ = DIALLED.try_with(|dialled| dialled.store(true, Ordering::Relaxed));
        self.ready.take().unwrap_or_else(|| S::clone(&self.inner)).call(destination)
    }
}

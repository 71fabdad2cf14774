//! One request of a hedged call: waits until its service is ready, then sends.

use alloc::boxed::Box;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use tower_service::Service;

/// A request on its way.
pub(super) enum Attempt<S, Request>
where
    S: Service<Request>,
{
    /// Until the service is ready.
    Waiting(S, Option<Request>),
    /// Until it answers.
    Sent(Pin<Box<S::Future>>),
}

/// Nothing is pinned but what is boxed.
impl<S: Service<Request>, Request> Unpin for Attempt<S, Request> {}

impl<S: Service<Request>, Request> Attempt<S, Request> {
    /// Sends by a service that is ready.
    pub(super) fn sent(ready: &mut S, request: Request) -> Self {
        Self::Sent(Box::pin(ready.call(request)))
    }
}

impl<S: Service<Request>, Request> Future for Attempt<S, Request> {
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        loop {
            match this {
                Self::Waiting(service, request) => {
                    ready!(service.poll_ready(cx))?;
                    let Some(request) = request.take() else { return Poll::Pending };
                    *this = Self::sent(service, request);
                }
                Self::Sent(answer) => return answer.as_mut().poll(cx),
            }
        }
    }
}

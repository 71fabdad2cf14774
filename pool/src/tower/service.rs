//! The pool as a service.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use super::request;
use crate::adopted;
use crate::body::Body;
use crate::error::Error;
use crate::extensions::ledger;
use crate::pool::Pool;
use crate::pool_body::PoolBody;
use crate::streaming::Streaming;

/// A [`Pool`] as a service of requests of the `http` crate. Clones share the pool.
///
/// It takes requests with a body of the pool's own type, [`Body`], or any [`http_body::Body`] of [`Bytes`]. One that is all
/// there at once (`Full`, `Empty`, `String`) can be sent again; any other is sent once, and its request is not retried. A
/// [`CallContext`](crate::CallContext), [`Timeouts`](crate::Timeouts), [`Policy`](crate::backoff::Policy) or
/// [`Scope`](crate::Scope) among the request's extensions says how it is treated. The `Host` is that of the URL.
///
/// Calls end with the head of the answer, as those of [`Pool::stream`], and its body is limited as a stream's;
/// [`whole`](Self::whole) changes both. An answer has its attempts among its extensions, as `Arc<[Attempt]>`.
///
/// It is always ready: who must wait waits in the call.
#[derive(Clone, Debug)]
pub struct PoolService {
    pool: Pool,
    whole: bool,
}

impl Pool {
    /// The pool as a tower service.
    #[must_use]
    pub fn service(&self) -> PoolService {
        PoolService { pool: self.clone(), whole: false }
    }
}

impl PoolService {
    /// Receives answers whole, as [`Pool::execute`] does: a body that ends early is retried where that is safe, and none is
    /// larger than `max_body`.
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.whole = true;
        self
    }

    fn send(&self, parts: http::request::Parts, body: Body) -> ResponseFuture {
        let (pool, whole) = (self.pool.clone(), self.whole);
        ResponseFuture(Box::pin(async move {
            let request = request::of(parts, body)?;
            let (attempts, mut response) = if whole {
                let answer = pool.execute(request).await?;
                (ledger(answer.attempts()), Response::<Bytes>::from(answer).map(PoolBody::from))
            } else {
                let answer = pool.stream(request).await?;
                (ledger(answer.attempts()), Response::<Streaming>::from(answer).map(PoolBody::from))
            };
            response.extensions_mut().insert(attempts);
            Ok(response)
        }))
    }
}

impl<B> Service<Request<B>> for PoolService
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Response = Response<PoolBody>;
    type Error = Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        let (parts, body) = request.into_parts();
        self.send(parts, adopted::body(body))
    }
}

impl Service<Request<Body>> for PoolService {
    type Response = Response<PoolBody>;
    type Error = Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> ResponseFuture {
        let (parts, body) = request.into_parts();
        self.send(parts, body)
    }
}

/// The call of a [`PoolService`].
///
/// # Cancel safety
///
/// As [`Pool::stream`]'s.
#[must_use = "futures do nothing unless polled"]
pub struct ResponseFuture(Pin<Box<dyn Future<Output = Result<Response<PoolBody>, Error>> + Send>>);

impl Future for ResponseFuture {
    type Output = Result<Response<PoolBody>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}

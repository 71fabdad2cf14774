//! The middleware, and how a request of `reqwest` becomes one of the pool.

use http::Extensions;
use reqwest_middleware::{Middleware, Next};

use super::answer;
use crate::adopted;
use crate::body::Body;
use crate::error::Error;
use crate::extensions::ledger;
use crate::pool::Pool;
use crate::request::Request;
use crate::streaming::Streaming;
use crate::timeouts::Timeouts;

/// Sends what comes to it through a [`Pool`]; the last middleware, since nothing goes on below it.
///
/// - Middlewares above it work as before. One that retries multiplies with the pool's own retries: take it out.
/// - The `reqwest::Client` below is not used: none of its settings holds (default headers, timeouts, proxies, redirects,
///   cookies). Those of the pool do.
/// - Redirects are followed by the pool, by its rules.
/// - A body of bytes can be sent again; one that is a stream is sent once, and its request is not retried.
/// - A request's own `timeout` limits each attempt, its body included, and not the call: the limit of the call is the deadline
///   of a [`CallContext`](crate::CallContext).
/// - A [`CallContext`](crate::CallContext), [`Timeouts`], [`Policy`](crate::backoff::Policy) or [`Scope`](crate::Scope) among
///   the extensions says how the request is treated.
/// - Retries end with the head of the answer, whose body comes as it comes. Its attempts are among the extensions, of the
///   request and of the answer, as `Arc<[Attempt]>`.
/// - A call without an answer is a `reqwest_middleware::Error::Middleware` that holds an [`Error`](crate::Error): find it by
///   `downcast_ref`. `is_timeout` and its like, which ask `reqwest`'s own error, say `false`. A body that fails holds it as
///   the `source` of `reqwest`'s error.
#[derive(Clone, Debug)]
pub struct SteadfastMiddleware {
    pool: Pool,
}

impl SteadfastMiddleware {
    /// Sends through `pool`.
    #[must_use]
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }

    async fn send(&self, request: reqwest::Request, extensions: &Extensions) -> Result<Streaming, Error> {
        self.pool.stream(request_of(request, extensions)?).await
    }
}

#[async_trait::async_trait]
impl Middleware for SteadfastMiddleware {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let sent = self.send(request, extensions).await.map_err(reqwest_middleware::Error::middleware)?;
        let attempts = ledger(sent.attempts());
        extensions.insert(attempts.clone());
        Ok(answer::of(sent, attempts))
    }
}

fn request_of(mut request: reqwest::Request, extensions: &Extensions) -> Result<Request, Error> {
    let body = request.body_mut().take().map_or_else(Body::empty, adopted::body);
    let headers = std::mem::take(request.headers_mut());
    let adopted = Request::to(request.method().clone(), request.url().clone())?;
    let mut adopted = adopted.adopting(headers, extensions).body(body);
    if let Some(limit) = request.timeout() {
        let timeouts = adopted.timeouts.unwrap_or_else(Timeouts::streaming);
        adopted = adopted.timeouts(timeouts.attempt(Some(*limit)));
    }
    Ok(adopted)
}

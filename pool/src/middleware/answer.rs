//! Answers of the pool as those of `reqwest`, and bodies on both ways.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use reqwest::ResponseBuilderExt;

use crate::attempt::Attempt;
use crate::error::Error;
use crate::pool_body::PoolBody;
use crate::streaming::Streaming;

/// The answer, with the URL that it came from.
pub(super) fn of(answer: Streaming, attempts: Arc<[Attempt]>) -> reqwest::Response {
    let url = answer.url().clone();
    let (mut parts, body) = http::Response::<Streaming>::from(answer).into_parts();
    // How `reqwest` takes a URL: a builder puts it among the extensions.
    if let Ok(with_url) = http::Response::builder().url(url).body(()) {
        parts.extensions.extend(with_url.into_parts().0.extensions);
    }
    parts.extensions.insert(attempts);
    let body = reqwest::Body::wrap(Unshared(Mutex::new(PoolBody::from(body))));
    http::Response::from_parts(parts, body).into()
}

/// A body that is only ever used by one thread at a time, told to a client that asks for `Sync`. The lock is never taken on
/// the way of the bytes: exclusive access goes around it.
struct Unshared(Mutex<PoolBody>);

impl http_body::Body for Unshared {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(self.0.get_mut().unwrap_or_else(PoisonError::into_inner)).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}

//! Answers as they come.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode, Version};
use http_body::{Frame, SizeHint};
use steadfast_backoff::Stop;
use steadfast_breaker::Outcome;
use url::Url;

use crate::attempt::Attempt;
use crate::error::{Error, ErrorKind};
use crate::pipeline::{Arrival, Failure};
use crate::response::Head;
#[cfg(feature = "cache")]
use crate::response_cache::Cached;
use crate::sse::SseEvents;
use crate::transport::Connected;

/// The head of an answer; its body follows as it comes: by [`chunk`](Self::chunk), as a `Stream` of bytes, as an
/// `http_body::Body`, or as [`events`](Self::events).
///
/// Nothing is read ahead: what the consumer does not ask for stays with the connection, whose flow control holds the
/// server back. Dropping it closes its connection, or with HTTP/2 its stream.
pub struct Streaming {
    head: Head,
    arrival: Arrival,
}

impl Streaming {
    pub(crate) fn new(head: Head, arrival: Arrival) -> Self {
        Self { head, arrival }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Where it came from: the URL of the request, or of the last redirect that was followed.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.head.url
    }

    /// The id that the call was sent with; the server's own is in the [attempts](Self::attempts).
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.head.identity.id()
    }

    /// The time from the beginning of the call until this answer's head, waits, retries and redirects
    /// included.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.head.elapsed
    }

    /// The version of HTTP that it comes in; `None` when the transport does not tell.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.connection().map(|connection| connection.version)
    }

    /// The connection that it comes on: whether it was reused, and what its making took; `None` when the transport does
    /// not tell.
    #[must_use]
    pub fn connection(&self) -> Option<&Connected> {
        self.arrival.connection()
    }

    /// What the pool's cache had to do with it; `None` when the cache was left alone.
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn cached(&self) -> Option<Cached> {
        self.head.cached
    }

    /// When the server wants to see us again: `retry-after-ms` or `Retry-After`.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.head.retry_after
    }

    /// Why there was no further attempt, when one had been in question.
    #[must_use]
    pub fn stop(&self) -> Option<&Stop> {
        self.head.stop.as_ref()
    }

    /// The attempts that were made; the last one brought this head.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.head.attempts
    }

    /// The next bytes of the body; `None` at its end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Timeout`] when the stream stalls, [`ErrorKind::Closed`] or [`ErrorKind::Reset`] when it ends early,
    /// [`ErrorKind::Deadline`] when the caller's deadline passes. The breaker learns of all but the last.
    ///
    /// # Cancel safety
    ///
    /// No bytes are lost when the future is dropped.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        match self.arrival.chunk().await {
            Ok(chunk) => Ok(chunk),
            Err(failure) => Err(self.failed(failure)),
        }
    }

    /// The next event of a `text/event-stream`, and all that follow.
    #[must_use]
    pub fn events(self) -> SseEvents {
        SseEvents::new(self)
    }

    /// The answer, if it says that it is a `text/event-stream`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] otherwise.
    pub fn error_unless_events(self) -> Result<Self, Error> {
        let kind = self.headers().get(CONTENT_TYPE).map_or(&[][..], |value| value.as_bytes());
        let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        if kind.eq_ignore_ascii_case(b"text/event-stream") {
            return Ok(self);
        }
        Err(self.placed(Error::new(ErrorKind::Decode, "the answer is not an event stream")))
    }

    /// Tells the breaker what the contents of the stream say about the health of the server: an error within it, or
    /// that it ended before it was complete. What the connection shows is told without this.
    pub fn report(&self, health: Outcome) {
        self.arrival.report(health);
    }

    /// Reads at most `limit` bytes of the rest of the body.
    ///
    /// # Errors
    ///
    /// As [`chunk`](Self::chunk), and [`ErrorKind::TooLarge`] when there is more.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses what was read.
    pub async fn rest(&mut self, limit: usize) -> Result<Bytes, Error> {
        match self.arrival.rest(limit).await {
            Ok(bytes) => Ok(bytes),
            Err(failure) => Err(self.failed(failure)),
        }
    }

    /// The answer, if its status is below 400.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Status`] otherwise, with `retry_after` and the attempts.
    pub fn error_for_status(self) -> Result<Self, Error> {
        if self.head.is_error() { Err(self.head.error()) } else { Ok(self) }
    }

    /// The status as an error.
    pub(crate) fn status_error(&self) -> Error {
        self.head.error()
    }

    /// An error of this answer.
    pub(crate) fn placed(&self, error: Error) -> Error {
        self.head.placed(error)
    }

    /// A wait that was begun before is over: the consumer asks anew.
    pub(crate) fn begin_wait(&mut self) {
        self.arrival.begin_wait();
    }

    pub(crate) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        self.arrival.poll_chunk(cx).map_err(|failure| self.failed(failure))
    }

    fn failed(&self, failure: Failure) -> Error {
        self.head.placed(failure.into_error())
    }
}

impl Stream for Streaming {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_chunk(cx).map(Result::transpose)
    }
}

impl http_body::Body for Streaming {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let chunk = ready!(self.get_mut().poll_chunk(cx)).transpose();
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.arrival.is_spent()
    }

    fn size_hint(&self) -> SizeHint {
        self.arrival.announced().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl From<Streaming> for http::Response<Streaming> {
    fn from(streaming: Streaming) -> Self {
        let (status, headers, version) = (streaming.status(), streaming.headers().clone(), streaming.version());
        let mut answer = Self::new(streaming);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        *answer.version_mut() = version.unwrap_or(Version::HTTP_11);
        answer
    }
}

impl fmt::Debug for Streaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming")
            .field("status", &self.head.status)
            .field("attempts", &self.head.attempts.len())
            .finish_non_exhaustive()
    }
}

//! Answers: whole, and as they come.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use steadfast_backoff::Stop;
use steadfast_breaker::Outcome;

use crate::attempt::Attempt;
use crate::error::{Error, ErrorKind};
use crate::pipeline::Arrival;

/// What both kinds of answer have in common.
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) place: String,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) stop: Option<Stop>,
    pub(crate) attempts: Vec<Attempt>,
}

impl Head {
    fn error(&self) -> Error {
        let message = match self.retry_after {
            Some(after) => format!("HTTP {}, come back after {:.1} s", self.status.as_u16(), after.as_secs_f64()),
            None => format!("HTTP {}", self.status.as_u16()),
        };
        Error::new(ErrorKind::Status(self.status.as_u16()), message)
            .at(self.place.clone())
            .after(self.attempts.clone())
            .retry_in(self.retry_after)
            .stopped(self.stop)
    }

    fn is_error(&self) -> bool {
        self.status.is_client_error() || self.status.is_server_error()
    }
}

/// A whole answer, of whatever status.
pub struct Response {
    head: Head,
    body: Bytes,
}

impl Response {
    pub(crate) fn new(head: Head, body: Bytes) -> Self {
        Self { head, body }
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

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as text; malformed UTF-8 becomes U+FFFD.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, read as JSON.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] when it is not JSON of that shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // serde_json's text can quote contents: only the place is told.
            let message = format!("not the expected JSON at line {} column {}", error.line(), error.column());
            Error::new(ErrorKind::Decode, message).at(self.head.place.clone()).after(self.head.attempts.clone())
        })
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

    /// The attempts that were made; the last one brought this answer.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.head.attempts
    }

    /// The answer, if its status is below 400.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Status`] otherwise, with `retry_after` and the attempts.
    pub fn error_for_status(self) -> Result<Self, Error> {
        if self.head.is_error() { Err(self.head.error()) } else { Ok(self) }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.head.status)
            .field("body_len", &self.body.len())
            .field("attempts", &self.head.attempts.len())
            .finish_non_exhaustive()
    }
}

/// The head of an answer; its body follows as it comes.
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
            Err(failure) => Err(failure.into_error().at(self.head.place.clone()).after(self.head.attempts.clone())),
        }
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
            Err(failure) => Err(failure.into_error().at(self.head.place.clone()).after(self.head.attempts.clone())),
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
}

impl fmt::Debug for Streaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming")
            .field("status", &self.head.status)
            .field("attempts", &self.head.attempts.len())
            .finish_non_exhaustive()
    }
}

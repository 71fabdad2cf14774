//! Whole answers, and what all answers have in common.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Version};
use serde::de::DeserializeOwned;
use steadfast_backoff::Stop;
use url::Url;

use crate::attempt::Attempt;
use crate::error::{Error, ErrorKind};
use crate::identity::Identity;
use crate::pipeline::Arrival;
use crate::place::Place;
#[cfg(feature = "cache")]
use crate::response_cache::Cached;
use crate::transport::Connected;

/// What both kinds of answer have in common.
#[derive(Clone)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) url: Arc<Url>,
    pub(crate) identity: Identity,
    pub(crate) elapsed: Duration,
    pub(crate) place: Place,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) stop: Option<Stop>,
    pub(crate) attempts: Vec<Attempt>,
    /// Another caller's call brought it.
    #[cfg(feature = "cache")]
    pub(crate) coalesced: bool,
    /// What the cache had to do with it.
    #[cfg(feature = "cache")]
    pub(crate) cached: Option<Cached>,
}

impl Head {
    /// An error of this answer.
    pub(crate) fn placed(&self, error: Error) -> Error {
        error.at(self.place.clone()).after(self.attempts.clone()).identified(self.identity.id())
    }

    pub(crate) fn error(&self) -> Error {
        let message = match self.retry_after {
            Some(after) => format!("HTTP {}, come back after {:.1} s", self.status.as_u16(), after.as_secs_f64()),
            None => format!("HTTP {}", self.status.as_u16()),
        };
        Error::new(ErrorKind::Status(self.status.as_u16()), message)
            .at(self.place.clone())
            .after(self.attempts.clone())
            .retry_in(self.retry_after)
            .stopped(self.stop)
            .identified(self.identity.id())
    }

    pub(crate) fn is_error(&self) -> bool {
        self.status.is_client_error() || self.status.is_server_error()
    }
}

/// A whole answer, of whatever status.
pub struct Response {
    head: Head,
    connection: Option<Connected>,
    body: Bytes,
}

impl Response {
    pub(crate) fn new(head: Head, arrival: Arrival) -> Self {
        Self { head, connection: arrival.connection().copied(), body: arrival.into_bytes() }
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

    /// The time from the beginning of the call until this answer, waits, retries and redirects
    /// included.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.head.elapsed
    }

    /// The version of HTTP that it came in; `None` when the transport does not tell.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.connection.map(|connection| connection.version)
    }

    /// The connection that it came on: whether it was reused, and what its making took; `None` when the transport does not
    /// tell.
    #[must_use]
    pub fn connection(&self) -> Option<&Connected> {
        self.connection.as_ref()
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body, taken out.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.body
    }

    /// Status, headers and body, taken out.
    #[must_use]
    pub fn into_parts(self) -> (StatusCode, HeaderMap, Bytes) {
        (self.head.status, self.head.headers, self.body)
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
            self.head.placed(Error::new(ErrorKind::Decode, message))
        })
    }

    /// Whether it was brought by a call that another caller had begun: [`PoolBuilder::coalesce`](crate::PoolBuilder::coalesce).
    /// The id and the attempts are those of that call.
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn is_coalesced(&self) -> bool {
        self.head.coalesced
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

impl From<Response> for http::Response<Bytes> {
    fn from(response: Response) -> Self {
        let mut answer = Self::new(response.body);
        *answer.status_mut() = response.head.status;
        *answer.headers_mut() = response.head.headers;
        if let Some(connection) = response.connection {
            *answer.version_mut() = connection.version;
        }
        answer
    }
}

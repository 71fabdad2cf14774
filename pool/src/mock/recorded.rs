//! A request as the mock received it.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method};
use serde::de::DeserializeOwned;
use steadfast_clock::Nanos;
use url::Url;

use crate::error::{Error, ErrorKind};
use crate::redact::redacted;

/// One request that was sent. A retry is a request of its own.
#[derive(Clone)]
#[non_exhaustive]
pub struct Recorded {
    /// The method.
    pub method: Method,
    /// The URL.
    pub url: Url,
    /// The headers, the host's defaults among them.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Whether the body came whole; otherwise it failed on its way, and no reply was used up.
    pub complete: bool,
    /// When its body was there, on the pool's clock.
    pub at: Nanos,
}

impl Recorded {
    /// A request whose body came whole at the clock's origin, for tests of what takes one.
    #[must_use]
    pub fn new(method: Method, url: Url, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self { method, url, headers, body: body.into(), complete: true, at: Nanos::from_nanos(0) }
    }

    /// The value of a header, if it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
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
            let message = format!("not the expected JSON at line {} column {}", error.line(), error.column());
            Error::new(ErrorKind::Decode, message).at(self.place())
        })
    }

    /// Method and URL, without credentials and query.
    pub(super) fn place(&self) -> String {
        format!("{} {}", self.method, redacted(&self.url))
    }
}

impl fmt::Debug for Recorded {
    /// Tells the place, the names of headers and the size of the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("Recorded")
            .field("place", &self.place())
            .field("headers", &names)
            .field("body_len", &self.body.len())
            .field("complete", &self.complete)
            .field("at", &self.at)
            .finish()
    }
}

//! An answer that the mock gives.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Serialize;

use super::body::{Ending, MockBody};
use crate::attempt::Reached;
use crate::transport::{Inbound, TransportError, TransportErrorKind};

/// An answer: a status, headers, and a body that comes as a whole or in pieces, and need not come to its end.
///
/// Like a server, it has no body in answer to HEAD, and none with 1xx, 204 and 304. What cannot be an answer (a status of
/// 1000, a header with a line break) is answered with an error of kind
/// [`Protocol`](crate::ErrorKind::Protocol) that says so.
#[derive(Clone)]
#[must_use]
pub struct MockResponse {
    status: u16,
    headers: HeaderMap,
    chunks: Vec<Bytes>,
    chunk_delay: Duration,
    cut: Option<(usize, Ending)>,
    pub(super) latency: Duration,
    /// Why it cannot be an answer.
    wrong: Option<&'static str>,
}

impl MockResponse {
    /// An answer without headers and body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            chunks: Vec::new(),
            chunk_delay: Duration::ZERO,
            cut: None,
            latency: Duration::ZERO,
            wrong: None,
        }
    }

    /// An answer with a JSON body.
    pub fn json<T: Serialize + ?Sized>(status: u16, value: &T) -> Self {
        let mut response = Self::status(status).header("content-type", "application/json");
        match serde_json::to_vec(value) {
            Ok(bytes) => response.chunks.push(bytes.into()),
            Err(_) => response.wrong = Some("its body cannot be written as JSON"),
        }
        response
    }

    /// An answer of status 200 that is a `text/event-stream`; [`event`](Self::event) and [`data`](Self::data) add to it.
    pub fn sse() -> Self {
        Self::status(200).header("content-type", "text/event-stream")
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) => drop(self.headers.append(name, value)),
            _ => self.wrong = Some("one of its headers is none"),
        }
        self
    }

    /// Sets the body, which comes in one piece.
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        self.chunks([body])
    }

    /// Sets the body, which comes in these pieces.
    pub fn chunks<B: Into<Bytes>>(mut self, chunks: impl IntoIterator<Item = B>) -> Self {
        self.chunks = chunks.into_iter().map(Into::into).collect();
        self
    }

    /// Adds an event of this name, as a piece of its own.
    pub fn event(mut self, name: &str, data: &str) -> Self {
        if name.contains(['\n', '\r']) {
            self.wrong = Some("the name of one of its events has a line break");
        }
        self.chunks.push(format!("event: {name}\n{}", lines(data)).into());
        self
    }

    /// Adds an event without a name, as a piece of its own.
    pub fn data(mut self, data: &str) -> Self {
        self.chunks.push(lines(data).into());
        self
    }

    /// Waits before the head of the answer.
    pub fn latency(mut self, delay: Duration) -> Self {
        self.latency = delay;
        self
    }

    /// Waits before each piece of the body.
    pub fn chunk_delay(mut self, delay: Duration) -> Self {
        self.chunk_delay = delay;
        self
    }

    /// Closes the connection after so many bytes of the body, also where that is all of them.
    pub fn truncate_after(self, bytes: usize) -> Self {
        self.fail_after(bytes, TransportErrorKind::Closed)
    }

    /// Resets the connection after so many bytes of the body.
    pub fn reset_after(self, bytes: usize) -> Self {
        self.fail_after(bytes, TransportErrorKind::Reset)
    }

    /// Fails in this way after so many bytes of the body.
    pub fn fail_after(mut self, bytes: usize, kind: TransportErrorKind) -> Self {
        self.cut = Some((bytes, Ending::Fails(kind)));
        self
    }

    /// Sends nothing more after so many bytes of the body, and does not end it.
    pub fn stall_after(mut self, bytes: usize) -> Self {
        self.cut = Some((bytes, Ending::Stalls));
        self
    }

    /// The answer to a request of this method.
    pub(super) fn play(self, method: &Method, body: MockBody) -> Result<Inbound, TransportError> {
        let wrong = |why| {
            let error = TransportError::new(TransportErrorKind::Protocol, Reached::Headers);
            Err(error.detailed(format!("the mock's answer is none: {why}")))
        };
        let Ok(status) = StatusCode::from_u16(self.status) else { return wrong("its status is no status") };
        if let Some(why) = self.wrong {
            return wrong(why);
        }
        let bodiless = method == Method::HEAD
            || status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let body = if bodiless { body } else { body.of(self.chunks).delayed(self.chunk_delay).cut(self.cut) };
        Ok(Inbound::new(status, self.headers, Box::pin(body)))
    }
}

/// Data as the lines of an event, and its end.
fn lines(data: &str) -> String {
    let data = data.replace("\r\n", "\n").replace('\r', "\n");
    data.split('\n').map(|line| format!("data: {line}\n")).chain([String::from("\n")]).collect()
}

impl fmt::Debug for MockResponse {
    /// Tells the status, the names of headers and the size of the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("MockResponse")
            .field("status", &self.status)
            .field("headers", &names)
            .field("body_len", &self.chunks.iter().map(Bytes::len).sum::<usize>())
            .field("latency", &self.latency)
            .finish_non_exhaustive()
    }
}

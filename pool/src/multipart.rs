//! Forms of several parts: `multipart/form-data` (RFC 7578).

use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderValue;
use http_body::{Frame, SizeHint};
use steadfast_backoff::entropy;

use crate::body::{Body, BoxBody, Sendable};

/// A form of several parts, for [`Request::multipart`](crate::Request::multipart).
///
/// It can be sent again when the bodies of all its parts can, and has a `Content-Length` when all of them tell their
/// length. The boundary is 128 random bits: no content is searched for it.
///
/// ```
/// use steadfast_pool::{Multipart, Part, Request};
///
/// let form = Multipart::new()
///     .text("purpose", "assistants")
///     .part(Part::new("file", "a,b\n1,2\n").file_name("table.csv").content_type("text/csv".parse().unwrap()));
/// assert!(form.is_replayable());
/// let request = Request::post("https://api.example.com/v1/files").unwrap().multipart(form);
/// # let _ = request;
/// ```
#[derive(Clone)]
#[must_use]
pub struct Multipart {
    boundary: String,
    parts: Vec<Part>,
}

/// One part of a form: a field, or a file.
#[derive(Clone)]
#[must_use]
pub struct Part {
    name: String,
    file_name: Option<String>,
    content_type: Option<HeaderValue>,
    body: Body,
}

impl Part {
    /// A field called `name`.
    pub fn new(name: impl Into<String>, body: impl Into<Body>) -> Self {
        Self { name: name.into(), file_name: None, content_type: None, body: body.into() }
    }

    /// Says that it is a file, and how it is called.
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// Sets its content type; the default of files is `application/octet-stream`, fields have none.
    pub fn content_type(mut self, kind: HeaderValue) -> Self {
        self.content_type = Some(kind);
        self
    }

    /// What stands before the contents.
    fn head(&self, boundary: &str) -> Bytes {
        let mut head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", field_name(&self.name));
        if let Some(name) = &self.file_name {
            let _ = write!(head, "; filename=\"{}\"", escaped(name));
        }
        let mut head = head.into_bytes();
        let default = self.file_name.as_ref().map(|_| &b"application/octet-stream"[..]);
        if let Some(kind) = self.content_type.as_ref().map(HeaderValue::as_bytes).or(default) {
            head.extend_from_slice(b"\r\nContent-Type: ");
            head.extend_from_slice(kind);
        }
        head.extend_from_slice(b"\r\n\r\n");
        head.into()
    }
}

impl Multipart {
    /// A form without parts.
    pub fn new() -> Self {
        Self { boundary: format!("steadfast-{:016x}{:016x}", entropy(), entropy()), parts: Vec::new() }
    }

    /// Adds a field.
    pub fn text(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.part(Part::new(name, value.into()))
    }

    /// Adds a part.
    pub fn part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// Whether it can be sent again.
    #[must_use]
    pub fn is_replayable(&self) -> bool {
        self.parts.iter().all(|part| part.body.is_replayable())
    }

    /// The value of `Content-Type`.
    #[must_use]
    pub fn content_type(&self) -> HeaderValue {
        // A boundary of letters, digits and a hyphen is a valid value.
        HeaderValue::try_from(format!("multipart/form-data; boundary={}", self.boundary))
            .unwrap_or(HeaderValue::from_static("multipart/form-data"))
    }

    /// The form as a body.
    #[must_use]
    pub fn into_body(self) -> Body {
        if self.is_replayable() { Body::replayable(move || self.open()) } else { Body::once(self.open()) }
    }

    fn open(&self) -> BoxBody {
        let mut pieces = VecDeque::with_capacity(3 * self.parts.len() + 1);
        for part in &self.parts {
            pieces.push_back(Piece::Bytes(part.head(&self.boundary)));
            pieces.push_back(match part.body.open() {
                Some(Sendable::Bytes(bytes)) => Piece::Bytes(bytes),
                Some(Sendable::Stream(stream)) => Piece::Stream(stream),
                None => Piece::Spent,
            });
            pieces.push_back(Piece::Bytes(Bytes::from_static(b"\r\n")));
        }
        pieces.push_back(Piece::Bytes(Bytes::from(format!("--{}--\r\n", self.boundary))));
        Box::pin(Pieces(pieces))
    }
}

impl Default for Multipart {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Multipart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multipart").field("parts", &self.parts).finish_non_exhaustive()
    }
}

impl fmt::Debug for Part {
    /// Tells the names and never the contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("name", &self.name)
            .field("file_name", &self.file_name)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

enum Piece {
    Bytes(Bytes),
    Stream(BoxBody),
    /// It could be sent only once, and was.
    Spent,
}

struct Pieces(VecDeque<Piece>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            match self.0.front_mut() {
                None => return Poll::Ready(None),
                Some(Piece::Bytes(bytes)) => {
                    let bytes = std::mem::take(bytes);
                    self.0.pop_front();
                    if !bytes.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(bytes))));
                    }
                }
                Some(Piece::Stream(stream)) => match ready!(stream.as_mut().poll_frame(cx)) {
                    // The trailers of a part are none of the whole.
                    Some(Ok(frame)) if frame.is_trailers() => {}
                    Some(frame) => return Poll::Ready(Some(frame)),
                    None => drop(self.0.pop_front()),
                },
                Some(Piece::Spent) => {
                    return Poll::Ready(Some(Err(io::Error::other("a part was sent before and cannot be sent again"))));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let lengths = self.0.iter().map(|piece| match piece {
            Piece::Bytes(bytes) => Some(bytes.len() as u64),
            Piece::Stream(stream) => stream.size_hint().exact(),
            Piece::Spent => None,
        });
        let sum = lengths.into_iter().try_fold(0_u64, |sum, length| sum.checked_add(length?));
        sum.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// A field's name as browsers write it: every line end is CRLF, then escaped (WHATWG HTML, "multipart/form-data encoding
/// algorithm").
fn field_name(name: &str) -> String {
    let name = name.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
    escaped(&name)
}

/// The three characters that would end the name, escaped as browsers do.
fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

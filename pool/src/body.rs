//! Request bodies, and whether they can be sent twice.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

mod file;

/// A stream of bytes on its way out. Its `size_hint`, when exact, becomes the `Content-Length`.
pub type BoxBody = Pin<Box<dyn http_body::Body<Data = Bytes, Error = io::Error> + Send>>;

type Factory = Arc<dyn Fn() -> BoxBody + Send + Sync>;

/// The body of a request.
///
/// Bytes, [files](Body::file) and [`replayable`](Body::replayable) bodies can be sent again; a [`once`](Body::once) body cannot, and a
/// request with one is never retried.
#[derive(Clone)]
pub struct Body(Form);

#[derive(Clone)]
enum Form {
    Bytes(Bytes),
    Replayable(Factory),
    Once(Arc<Mutex<Option<BoxBody>>>),
}

/// What one attempt sends.
pub(crate) enum Sendable {
    Bytes(Bytes),
    Stream(BoxBody),
}

impl Body {
    /// No body.
    #[must_use]
    pub fn empty() -> Self {
        Self(Form::Bytes(Bytes::new()))
    }

    /// A body that is made anew for each attempt, always from its beginning.
    #[must_use]
    pub fn replayable(make: impl Fn() -> BoxBody + Send + Sync + 'static) -> Self {
        Self(Form::Replayable(Arc::new(make)))
    }

    /// A stream that can be sent once.
    #[must_use]
    pub fn once(stream: BoxBody) -> Self {
        Self(Form::Once(Arc::new(Mutex::new(Some(stream)))))
    }

    /// Whether it can be sent again.
    #[must_use]
    pub fn is_replayable(&self) -> bool {
        !matches!(self.0, Form::Once(_))
    }

    /// Whether there is certainly nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(&self.0, Form::Bytes(bytes) if bytes.is_empty())
    }

    /// What the next attempt sends; `None` when a body that can be sent once was sent.
    pub(crate) fn open(&self) -> Option<Sendable> {
        match &self.0 {
            Form::Bytes(bytes) => Some(Sendable::Bytes(bytes.clone())),
            Form::Replayable(make) => Some(Sendable::Stream(make())),
            Form::Once(slot) => slot.lock().unwrap_or_else(PoisonError::into_inner).take().map(Sendable::Stream),
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Form::Bytes(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Form::Bytes(bytes.into()))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self(Form::Bytes(text.into()))
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Self(Form::Bytes(Bytes::from_static(text.as_bytes())))
    }
}

impl fmt::Debug for Body {
    /// Tells the form and never the contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Bytes(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Form::Replayable(_) => f.write_str("Body(replayable stream)"),
            Form::Once(_) => f.write_str("Body(stream, once)"),
        }
    }
}

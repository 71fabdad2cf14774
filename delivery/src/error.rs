//! The error of everything that is not about one device: artifacts, inventories, plans, settings, stores.

use std::error::Error as StdError;
use std::fmt;

/// Something that cannot be started as it is. Its text is one line that says what is wrong.
///
/// What goes wrong with a device later is a [`Failure`](crate::Failure).
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The artifact cannot be opened or read.
    Artifact,
    /// A signature that is required is missing, does not fit, or is by somebody else.
    Signature,
    /// A device's id or address is not usable.
    Device,
    /// The plan contradicts itself.
    Plan,
    /// A setting of the push is not usable.
    Config,
    /// There is no rollout or device of that name.
    NotFound,
    /// There is such a rollout already.
    Exists,
    /// Another process drives the rollout; the text says who, and since when nothing was heard of it.
    Driven,
    /// Another process took the rollout over, since this one was not heard of for too long.
    LeaseLost,
    /// What was asked does not fit the state of the rollout: a resume of what is not paused, say.
    State,
    /// The store is busy: another process holds it. The same may work in a moment.
    Busy,
    /// The store cannot be read or written: a full disk, missing rights, a broken file, a newer schema.
    Store,
    /// A filter cannot be read.
    Filter,
    /// A maintenance window or a time zone cannot be read, or never opens.
    Window,
}

impl Error {
    /// An error of a kind; `message` is one line that says what is wrong, where, and what to do.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Sets what it comes from.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same may work in a moment, without a change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.kind == ErrorKind::Busy
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("source", &self.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

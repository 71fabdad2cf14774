//! An attempt that brought no whole answer.

use std::fmt;

use crate::attempt::Reached;
use crate::error::{Error, ErrorKind, Phase};
use crate::transport::{TransportError, TransportErrorKind};

#[derive(Debug)]
pub(crate) struct Failure {
    pub(super) kind: ErrorKind,
    pub(super) message: String,
    /// The status, when the head of an answer came.
    pub(super) status: Option<u16>,
    pub(super) reached: Reached,
    pub(super) reused: bool,
    pub(super) source: Option<TransportError>,
}

impl Failure {
    pub(super) fn new(kind: ErrorKind, reached: Reached, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), status: None, reached, reused: false, source: None }
    }

    pub(super) fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Says that it would have been tried again, had there been a body to send.
    pub(super) fn unrepeatable(mut self) -> Self {
        self.message.push_str("; not tried again: the body cannot be sent a second time");
        self
    }

    /// The stale keep-alive case: a connection that had served before was closed without a byte of an answer.
    pub(super) fn is_stale_connection(&self) -> bool {
        self.reused && self.reached == Reached::Written && matches!(self.kind, ErrorKind::Closed | ErrorKind::Reset)
    }

    pub(crate) fn into_error(self) -> Error {
        let error = Error::new(self.kind, self.message);
        match self.source {
            Some(source) => error.caused_by(source),
            None => error,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        let kind = match error.kind {
            TransportErrorKind::Dns => ErrorKind::Dns,
            TransportErrorKind::Refused => ErrorKind::Refused,
            TransportErrorKind::Connect => ErrorKind::Connect,
            TransportErrorKind::DialTimeout => ErrorKind::Timeout(Phase::Dial),
            TransportErrorKind::Proxy => ErrorKind::Proxy,
            TransportErrorKind::AcquireTimeout => ErrorKind::Timeout(Phase::Acquire),
            TransportErrorKind::TlsTimeout => ErrorKind::Timeout(Phase::Tls),
            TransportErrorKind::Tls => ErrorKind::Tls,
            TransportErrorKind::Closed => ErrorKind::Closed,
            TransportErrorKind::Reset => ErrorKind::Reset,
            TransportErrorKind::GoAway => ErrorKind::GoAway,
            TransportErrorKind::StreamRefused => ErrorKind::StreamRefused,
            TransportErrorKind::Closing => ErrorKind::PoolClosed,
            TransportErrorKind::Protocol => ErrorKind::Protocol,
            TransportErrorKind::RequestBody => ErrorKind::RequestBody,
            TransportErrorKind::Request => ErrorKind::Request,
        };
        Self {
            kind,
            message: error.to_string(),
            status: None,
            reached: error.reached,
            reused: error.reused,
            source: Some(error),
        }
    }
}

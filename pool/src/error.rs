//! The one error of the crate.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use steadfast_backoff::Stop;

use crate::attempt::Attempt;

/// A call that has no answer to give.
///
/// Its text is one line: what failed, where, and what the attempts came to. It never holds credentials, queries or
/// contents.
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    place: Option<String>,
    retry_after: Option<Duration>,
    stop: Option<Stop>,
    request_id: Option<Arc<str>>,
    attempts: Vec<Attempt>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The pool's settings or its environment are wrong.
    Config,
    /// The request is wrong: not http(s), no host, a header that is none, a body that cannot be encoded.
    Request,
    /// The host's name does not resolve.
    Dns,
    /// The connection was refused.
    Refused,
    /// The connection could not be made for another reason.
    Connect,
    /// A proxy refused or failed.
    Proxy,
    /// The TLS handshake failed, or the certificate is not trusted.
    Tls,
    /// A limit of [`Timeouts`](crate::Timeouts) or of dialling struck; the phase says which.
    Timeout(Phase),
    /// The connection was closed before the answer was whole.
    Closed,
    /// The connection was reset before the answer was whole.
    Reset,
    /// The server closed the HTTP/2 connection to this request with GOAWAY.
    GoAway,
    /// The server refused the HTTP/2 stream, unprocessed.
    StreamRefused,
    /// The server does not speak valid HTTP.
    Protocol,
    /// The request's body could not be read, or had been sent before and cannot be again.
    RequestBody,
    /// The breaker is open: nothing was sent.
    BreakerOpen,
    /// The rate limit has no place before the deadline, or never: nothing was sent.
    RateLimited,
    /// As many calls to the host were under way as may be, until the deadline: nothing was sent.
    Busy,
    /// The caller's deadline passed.
    Deadline,
    /// The answer's status, as an error: [`Response::error_for_status`](crate::Response::error_for_status).
    Status(u16),
    /// The pool is closed: nothing was sent.
    PoolClosed,
    /// There are too many redirects, or they lead in a circle.
    Redirect,
    /// The answer is larger than allowed.
    TooLarge,
    /// The answer is not what it should be: not JSON of the expected shape, not UTF-8.
    Decode,
}

/// Which limit struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Waiting for one of the connections that the host may have.
    Acquire,
    /// Dialling; with a transport that cannot tell them apart, TLS included.
    Dial,
    /// The TLS handshake.
    Tls,
    /// Waiting for the head of the answer.
    Header,
    /// No progress in a body, in either direction.
    Stall,
    /// The whole attempt.
    Attempt,
}

impl ErrorKind {
    /// The kind as one word for traces and metrics, such as `refused` or `header_timeout`; it does not change. A status
    /// is `status`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Request => "request",
            Self::Dns => "dns",
            Self::Refused => "refused",
            Self::Connect => "connect",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Timeout(Phase::Acquire) => "acquire_timeout",
            Self::Timeout(Phase::Tls) => "tls_timeout",
            Self::Timeout(Phase::Dial) => "dial_timeout",
            Self::Timeout(Phase::Header) => "header_timeout",
            Self::Timeout(Phase::Stall) => "stall_timeout",
            Self::Timeout(Phase::Attempt) => "attempt_timeout",
            Self::Closed => "closed",
            Self::Reset => "reset",
            Self::GoAway => "go_away",
            Self::StreamRefused => "stream_refused",
            Self::PoolClosed => "pool_closed",
            Self::Protocol => "protocol",
            Self::RequestBody => "request_body",
            Self::BreakerOpen => "breaker_open",
            Self::RateLimited => "rate_limited",
            Self::Busy => "busy",
            Self::Deadline => "deadline",
            Self::Status(_) => "status",
            Self::Redirect => "redirect",
            Self::TooLarge => "too_large",
            Self::Decode => "decode",
        }
    }
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let inner = Inner {
            kind,
            message: message.into(),
            place: None,
            retry_after: None,
            stop: None,
            request_id: None,
            attempts: Vec::new(),
            source: None,
        };
        Self { inner: Box::new(inner) }
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.inner.source = Some(Arc::from(source.into()));
        self
    }

    pub(crate) fn at(mut self, place: impl Into<String>) -> Self {
        self.inner.place = Some(place.into());
        self
    }

    pub(crate) fn after(mut self, attempts: Vec<Attempt>) -> Self {
        self.inner.attempts = attempts;
        self
    }

    pub(crate) fn retry_in(mut self, after: Option<Duration>) -> Self {
        self.inner.retry_after = after;
        self
    }

    pub(crate) fn stopped(mut self, stop: Option<Stop>) -> Self {
        self.inner.stop = stop;
        self
    }

    pub(crate) fn identified(mut self, id: Option<&str>) -> Self {
        self.inner.request_id = id.map(Arc::from);
        self
    }

    /// The same failure, for another caller.
    #[cfg(feature = "cache")]
    pub(crate) fn shared(&self) -> Self {
        Self { inner: self.inner.clone() }
    }

    pub(crate) fn take_attempts(&mut self) -> Vec<Attempt> {
        std::mem::take(&mut self.inner.attempts)
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.inner.kind {
            ErrorKind::Config | ErrorKind::Request | ErrorKind::RequestBody => false,
            ErrorKind::TooLarge | ErrorKind::Decode | ErrorKind::PoolClosed | ErrorKind::Redirect => false,
            ErrorKind::RateLimited => self.inner.retry_after.is_some(),
            ErrorKind::Status(status) => steadfast_backoff::StatusSet::TRANSIENT.contains(status),
            _ => true,
        }
    }

    /// When it makes sense to come back: the server's `Retry-After`, the breaker's or the limiter's word.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// Why there was no further attempt, when a retry had been in question.
    #[must_use]
    pub fn stop(&self) -> Option<&Stop> {
        self.inner.stop.as_ref()
    }

    /// The id that the call was sent with; `None` when nothing has one. It is not part of the text, so that the same failure
    /// has the same text.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.inner.request_id.as_deref()
    }

    /// The attempts that were made.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.inner.attempts
    }

    /// Takes the attempts out.
    #[must_use]
    pub fn into_attempts(self) -> Vec<Attempt> {
        self.inner.attempts
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        if let Some(place) = &inner.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&inner.message)?;
        if inner.attempts.len() > 1 {
            write!(f, ", after {} attempts", inner.attempts.len())?;
        }
        match &inner.stop {
            Some(Stop::AttemptsSpent | Stop::NotRetryable) | None => Ok(()),
            Some(stop) => write!(f, " ({stop})"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.inner.kind)
            .field("message", &self.to_string())
            .field("request_id", &self.inner.request_id)
            .field("attempts", &self.inner.attempts)
            .field("source", &self.inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

//! Sending one request and receiving one answer, with nothing around it: the seam to the network.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use crate::attempt::Reached;
use crate::body::BoxBody;

mod connections;
mod exchange;

#[cfg(any(feature = "hyper", feature = "reqwest"))]
mod tls;

#[cfg(feature = "hyper")]
mod connect;
#[cfg(feature = "hyper")]
mod hyper;
#[cfg(feature = "reqwest")]
mod reqwest;

pub use self::connections::Connections;
pub use self::exchange::{Connected, Exchange};
#[cfg(feature = "hyper")]
pub use self::hyper::HyperTransport;
#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestTransport;

/// Who sends, unless the request says so itself.
#[cfg(any(feature = "hyper", feature = "reqwest"))]
const AGENT: &str = concat!("steadfast-pool/", env!("CARGO_PKG_VERSION"));

/// What [`Transport::send`] returns. It must not borrow the transport: attempts outlive the call that made them.
pub type SendFuture = Pin<Box<dyn Future<Output = Result<Inbound, TransportError>> + Send>>;

/// What [`Transport::warm`] returns: how many connections are there now.
pub type WarmFuture = Pin<Box<dyn Future<Output = Result<usize, TransportError>> + Send>>;

/// What [`Transport::close`] returns.
pub type CloseFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A stream of bytes on its way in.
pub type InboundBody = Pin<Box<dyn http_body::Body<Data = Bytes, Error = TransportError> + Send>>;

/// Sends one request over the network: no retries, no redirects, no limits of its own but dialling and TLS.
///
/// # Cancel safety
///
/// Dropping the future or the body abandons the exchange and frees its connection.
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends `request`; completes with the head of the answer.
    fn send(&self, request: Outbound) -> SendFuture;

    /// Opens connections to the host of `url` ahead of need, until `connections` are there; tells how many are. A
    /// transport that cannot opens none and answers 0.
    fn warm(&self, url: &Url, connections: usize) -> WarmFuture {
        let _ = (url, connections);
        Box::pin(std::future::ready(Ok(0)))
    }

    /// The connections to `host` (named as it is dialled, with its port where the URL has one), or to all hosts; `None`
    /// from a transport that cannot tell.
    fn connections(&self, host: Option<&str>) -> Option<Connections> {
        let _ = host;
        None
    }

    /// Takes no new requests, closes what is idle, and completes when the exchanges under way have ended. Dropping the
    /// future leaves those to end by themselves.
    fn close(&self) -> CloseFuture {
        Box::pin(std::future::ready(()))
    }
}

/// One request, ready to be sent.
#[non_exhaustive]
pub struct Outbound {
    /// The method.
    pub method: Method,
    /// The URL, http or https.
    pub url: Arc<Url>,
    /// The headers, without those of framing and `Host`.
    pub headers: HeaderMap,
    /// The body; `None` when there is none.
    pub body: Option<BoxBody>,
    /// How long the server may take to give leave for the body (`Expect: 100-continue`); `None` does not ask it. A transport
    /// that cannot ask does not.
    pub expect_continue: Option<Duration>,
    /// Where the transport tells how far it is.
    pub exchange: Arc<Exchange>,
}

impl Outbound {
    /// A request.
    #[must_use]
    pub fn new(method: Method, url: Url, headers: HeaderMap, body: Option<BoxBody>) -> Self {
        let exchange = Arc::new(Exchange::new());
        Self { method, url: Arc::new(url), headers, body, expect_continue: None, exchange }
    }

    /// Tells how far it is to `exchange`.
    #[must_use]
    pub fn told_to(mut self, exchange: Arc<Exchange>) -> Self {
        self.exchange = exchange;
        self
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("method", &self.method)
            .field("url", &crate::redact::redacted(&self.url))
            .finish_non_exhaustive()
    }
}

/// The head of an answer, and its body on the way.
#[non_exhaustive]
pub struct Inbound {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: InboundBody,
}

impl Inbound {
    /// An answer.
    #[must_use]
    pub fn new(status: StatusCode, headers: HeaderMap, body: InboundBody) -> Self {
        Self { status, headers, body }
    }
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound").field("status", &self.status).finish_non_exhaustive()
    }
}

/// What failed on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The host's name does not resolve.
    Dns,
    /// The connection was refused.
    Refused,
    /// The connection could not be made for another reason.
    Connect,
    /// A proxy refused or failed.
    Proxy,
    /// All connections that the host may have were busy for too long.
    AcquireTimeout,
    /// Dialling took too long.
    DialTimeout,
    /// The TLS handshake took too long.
    TlsTimeout,
    /// The TLS handshake failed, or the certificate is not trusted.
    Tls,
    /// The connection was closed in the middle of the exchange.
    Closed,
    /// The connection, or the HTTP/2 stream, was reset.
    Reset,
    /// The server closed the HTTP/2 connection to this request with GOAWAY (RFC 9113, section 6.8).
    GoAway,
    /// The server refused the HTTP/2 stream, unprocessed (`REFUSED_STREAM`, RFC 9113, section 8.7).
    StreamRefused,
    /// The transport is closed.
    Closing,
    /// The server does not speak HTTP as it should.
    Protocol,
    /// The request's own body failed.
    RequestBody,
    /// The request cannot be sent as it is.
    Request,
}

/// A failed exchange.
#[derive(Debug)]
#[non_exhaustive]
pub struct TransportError {
    /// What failed.
    pub kind: TransportErrorKind,
    /// How far the exchange got.
    pub reached: Reached,
    /// Whether the connection had served other requests before; `false` where the transport cannot tell.
    pub reused: bool,
    /// More of what failed, in a few words without URLs, headers or contents.
    pub detail: Option<Cow<'static, str>>,
    /// The cause.
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// An error without a cause, on a fresh connection.
    #[must_use]
    pub fn new(kind: TransportErrorKind, reached: Reached) -> Self {
        Self { kind, reached, reused: false, detail: None, source: None }
    }

    /// Sets the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says more of what failed, in a few words without URLs, headers or contents.
    #[must_use]
    pub fn detailed(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Says whether the connection had served other requests before.
    #[must_use]
    pub fn on_reused(mut self, reused: bool) -> Self {
        self.reused = reused;
        self
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.kind, self.reached) {
            (TransportErrorKind::Dns, _) => "the host name does not resolve",
            (TransportErrorKind::Refused, _) => "connection refused",
            (TransportErrorKind::Connect, _) => "cannot connect",
            (TransportErrorKind::Proxy, _) => "the proxy failed",
            (TransportErrorKind::AcquireTimeout, _) => "all connections of the host were busy for too long",
            (TransportErrorKind::DialTimeout, _) => "connecting took too long",
            (TransportErrorKind::TlsTimeout, _) => "the TLS handshake took too long",
            (TransportErrorKind::Tls, _) => "TLS handshake failed",
            (TransportErrorKind::Closed, Reached::Headers) => "the answer ended early: connection closed",
            (TransportErrorKind::Closed, _) => "connection closed before an answer",
            (TransportErrorKind::Reset, Reached::Headers) => "the answer ended early: connection reset",
            (TransportErrorKind::Reset, _) => "connection reset before an answer",
            (TransportErrorKind::GoAway, Reached::Headers) => "the answer ended early: the server sent GOAWAY",
            (TransportErrorKind::GoAway, _) => "the server sent GOAWAY before an answer",
            (TransportErrorKind::StreamRefused, _) => "the server refused the HTTP/2 stream",
            (TransportErrorKind::Closing, _) => "the pool is closed",
            (TransportErrorKind::Protocol, _) => "the server does not speak valid HTTP",
            (TransportErrorKind::RequestBody, _) => "the request body could not be read",
            (TransportErrorKind::Request, _) => "the request cannot be sent",
        })?;
        match &self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<TransportError> for io::Error {
    fn from(error: TransportError) -> Self {
        Self::other(error)
    }
}

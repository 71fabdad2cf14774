//! The request as the wire wants it: its body, its target and the headers that every request has.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, EXPECT, HOST, PROXY_AUTHORIZATION, USER_AGENT};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body::{Body, Frame, SizeHint};
use url::{Position, Url};

use super::super::connect::Forward;
use super::leave::{Leave, Waiting};
use super::peer::Peer;
use crate::attempt::Reached;
use crate::body::BoxBody;
use crate::transport::{AGENT, Outbound, TransportError, TransportErrorKind};

/// A body, or none.
pub(super) struct Outgoing(pub(super) Option<BoxBody>);

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut self.0 {
            Some(body) => body.as_mut().poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map_or_else(|| SizeHint::with_exact(0), |body| body.size_hint())
    }
}

/// A request that has not been sent.
pub(super) struct Unsent {
    pub(super) method: Method,
    pub(super) url: Arc<Url>,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<BoxBody>,
    /// What the body waits for, if it does.
    pub(super) leave: Option<Leave>,
}

impl Unsent {
    pub(super) fn new(request: Outbound) -> Self {
        let Outbound { method, url, mut headers, body, expect_continue, exchange } = request;
        match (body, expect_continue) {
            (Some(body), Some(patience)) => {
                let leave = Leave::default();
                headers.insert(EXPECT, HeaderValue::from_static("100-continue"));
                let body = Waiting::new(body, leave.clone(), patience, exchange);
                Self { method, url, headers, body: Some(Box::pin(body)), leave: Some(leave) }
            }
            (body, _) => Self { method, url, headers, body, leave: None },
        }
    }

    /// As it is sent over HTTP/1.1 (RFC 9112, section 3.2.1), or to a forward proxy (section 3.2.2); the URL is what is left.
    pub(super) fn over_http1(
        self,
        peer: &Peer,
        forward: Option<&Forward>,
    ) -> Result<(Request<Outgoing>, Arc<Url>), TransportError> {
        let path = path(&self.url)?;
        let mut request = Request::new(Outgoing(self.body));
        *request.uri_mut() = Uri::from(path);
        *request.headers_mut() = self.headers;
        if let Some(forward) = forward {
            let mut parts = std::mem::take(request.uri_mut()).into_parts();
            (parts.scheme, parts.authority) = (Some(Scheme::HTTP), Some(peer.authority.clone()));
            *request.uri_mut() = Uri::from_parts(parts).map_err(unfit)?;
            if let Some(authorization) = &forward.authorization {
                request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
            }
        }
        let bodiless = request.body().0.is_none();
        let headers = request.headers_mut();
        if !headers.contains_key(HOST) {
            headers.insert(HOST, peer.host.clone());
        }
        complete(headers, &self.method, bodiless);
        *request.method_mut() = self.method;
        if let Some(leave) = self.leave {
            hyper::ext::on_informational(&mut request, move |answer| {
                if answer.status() == StatusCode::CONTINUE {
                    leave.give();
                }
            });
        }
        Ok((request, self.url))
    }

    /// What hyper gave back.
    pub(super) fn returned(request: Request<Outgoing>, url: Arc<Url>, leave: Option<Leave>) -> Self {
        let (parts, body) = request.into_parts();
        Self { method: parts.method, url, headers: parts.headers, body: body.0, leave }
    }
}

/// The headers that a request has whatever it is spoken over.
pub(super) fn complete(headers: &mut HeaderMap, method: &Method, bodiless: bool) {
    if !headers.contains_key(USER_AGENT) {
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    }
    // RFC 9110, section 8.6: said where a body would be expected.
    if bodiless
        && matches!(*method, Method::POST | Method::PUT | Method::PATCH)
        && !headers.contains_key(CONTENT_LENGTH)
    {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
}

/// Path and query of a URL.
pub(super) fn path(url: &Url) -> Result<PathAndQuery, TransportError> {
    match &url[Position::BeforePath..Position::AfterQuery] {
        "" | "/" => Ok(PathAndQuery::from_static("/")),
        path => PathAndQuery::from_maybe_shared(Bytes::copy_from_slice(path.as_bytes())).map_err(unfit),
    }
}

fn unfit(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TransportError {
    TransportError::new(TransportErrorKind::Request, Reached::NotConnected).detailed("its URL").caused_by(error)
}

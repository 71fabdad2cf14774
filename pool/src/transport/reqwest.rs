//! The transport on `reqwest`: HTTP/1.1 and HTTP/2 over rustls, its own redirects and retries off.
//!
//! What it cannot tell: TLS time apart from dialling, connections per host, and whether bytes of a request that failed
//! mid-way were sent; such a request counts as written.

use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use url::{Host, Url};

use super::{Connected, Inbound, Outbound, SendFuture, Transport, TransportError, TransportErrorKind, tls};
use crate::attempt::Reached;
use crate::body::BoxBody;
use crate::config::PoolConfig;
use crate::error::{Error, ErrorKind};

mod dialled;
mod failure;

/// Sends over two `reqwest` clients: one that honours the proxy variables of the environment, and one for loopback
/// addresses that does not.
#[derive(Clone)]
pub struct ReqwestTransport {
    outside: reqwest::Client,
    loopback: reqwest::Client,
}

impl ReqwestTransport {
    /// A transport with the connection settings of `config`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when a proxy variable of the environment is malformed.
    pub fn new(config: &PoolConfig) -> Result<Self, Error> {
        let failed = "cannot set up the HTTP client";
        let tls = tls::client_config().map_err(|error| Error::new(ErrorKind::Config, failed).caused_by(error))?;
        let builder = || {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .user_agent(super::AGENT)
                .connect_timeout(config.dial_timeout)
                .pool_max_idle_per_host(config.max_idle_per_host)
                .pool_idle_timeout(config.idle_timeout)
                .tcp_nodelay(true)
                .connector_layer(dialled::Layer)
        };
        let build = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| Error::new(ErrorKind::Config, failed).caused_by(error))
        };
        Ok(Self { outside: build(builder())?, loopback: build(builder().no_proxy())? })
    }
}

impl Transport for ReqwestTransport {
    fn send(&self, request: Outbound) -> SendFuture {
        let client = if is_loopback(&request.url) { &self.loopback } else { &self.outside }.clone();
        Box::pin(async move {
            let exchange = request.exchange;
            let mut outgoing = reqwest::Request::new(request.method, Arc::unwrap_or_clone(request.url));
            *outgoing.headers_mut() = request.headers;
            *outgoing.body_mut() = request.body.map(|body| reqwest::Body::wrap(Unshared(Mutex::new(body))));
            let (dialled, answer) = dialled::watch(client.execute(outgoing)).await;
            let answer = answer.map_err(|error| failure::of_exchange(error, !dialled))?;
            exchange.connected(Connected::new(!dialled, answer.version()));
            let (head, body) = http::Response::<reqwest::Body>::from(answer).into_parts();
            Ok(Inbound::new(head.status, head.headers, Box::pin(Arriving { body, reused: !dialled })))
        })
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReqwestTransport")
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// A body that is only ever used by one thread at a time, told to a client that asks for `Sync`. The lock is never
/// taken: exclusive access goes around it.
struct Unshared(Mutex<BoxBody>);

impl http_body::Body for Unshared {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let body = self.0.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        body.as_mut().poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).size_hint()
    }
}

/// The body of an answer, its errors told in the transport's words.
struct Arriving {
    body: reqwest::Body,
    reused: bool,
}

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let reused = self.reused;
        Pin::new(&mut self.body)
            .poll_frame(cx)
            .map(|frame| frame.map(|frame| frame.map_err(|error| failure::of_body(error, reused))))
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

//! The transport on `reqwest`: HTTP/1.1 and HTTP/2 over rustls, its own redirects and retries off.

use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::{Connected, Inbound, Outbound, SendFuture, Transport, TransportError, TransportErrorKind, tls};
use crate::attempt::Reached;
use crate::body::BoxBody;
use crate::config::PoolConfig;
use crate::error::{Error, ErrorKind};
use crate::proxy::Proxies;
use crate::resolve::Resolve;

mod dialled;
mod failure;

/// Sends over a `reqwest` client.
///
/// It honours TLS settings, proxies, addresses of hosts, resolver, TCP keep-alive, local address, the versions of HTTP and
/// the settings of HTTP/2's keep-alive, `dial_timeout`, `idle_timeout` and `max_idle_per_host`. What it cannot do, `reqwest` having no place for it:
///
/// - `max_per_host`, `max_idle` over all hosts, `max_age` and `acquire_timeout` are not applied, `tls_timeout` neither: the
///   TLS handshake counts as dialling.
/// - There are no figures of connections, no warming, and [`close`](Transport::close) does not wait.
/// - It does not tell how long resolving, dialling and TLS took, nor whether bytes of a request that failed mid-way were
///   sent: such a request counts as written.
/// - One HTTP/2 connection serves a host; requests beyond its streams wait for each other.
/// - An address for one port of a host (`resolve("host:8443", …)`) is refused when the transport is made.
/// - HTTP/2 without asking is spoken to an http proxy, too, instead of through it.
/// - The client certificate is also shown to an https proxy that demands one.
/// - [`Request::expect_continue`](crate::Request::expect_continue) does not ask: the body goes out at once.
/// - A proxy's refusal is told without its status, but for 407.
#[derive(Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    /// Another for http, where HTTP/2 is spoken without asking.
    plain: Option<reqwest::Client>,
    /// What the client goes by; `None` of a user's own.
    proxies: Option<Arc<Proxies>>,
}

impl ReqwestTransport {
    /// A transport with the connection settings of `config`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when a proxy variable of the environment is malformed, the TLS settings cannot be used, or an
    /// address was set for one port of a host.
    pub fn new(config: &PoolConfig) -> Result<Self, Error> {
        let proxies = Arc::new(config.connecting.proxies.settled()?);
        let tls = tls::client_config(&config.connecting.tls, !config.http1_only)?;
        let build = |version: fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder| {
            let builder = version(builder(config, &proxies)?.tls_backend_preconfigured(tls.clone()));
            builder
                .build()
                .map_err(|error| Error::new(ErrorKind::Config, "cannot set up the HTTP client").caused_by(error))
        };
        let client = build(if config.http1_only { reqwest::ClientBuilder::http1_only } else { |builder| builder })?;
        let prior = config.http2_prior_knowledge && !config.http1_only;
        let plain = if prior { Some(build(reqwest::ClientBuilder::http2_prior_knowledge)?) } else { None };
        Ok(Self { client, plain, proxies: Some(proxies) })
    }

    /// A transport over a client of your own: nothing of a [`PoolConfig`] is applied to it.
    ///
    /// Switch its redirects off (`redirect::Policy::none()`), or headers such as `x-api-key` travel to other hosts; and its
    /// retries (`retry::never()`), or requests are sent again behind the pool's back and counted as one. Whether a
    /// connection had served before it cannot tell, so that [`Resend::Stale`](crate::Resend::Stale) sends nothing again.
    #[cfg(feature = "reqwest_0_13")]
    #[must_use]
    pub fn from_client(client: reqwest::Client) -> Self {
        Self { client, plain: None, proxies: None }
    }
}

impl Transport for ReqwestTransport {
    fn send(&self, request: Outbound) -> SendFuture {
        let plain = self.plain.as_ref().filter(|_| request.url.scheme() == "http");
        let client = plain.unwrap_or(&self.client).clone();
        let watched = self.proxies.is_some();
        let by_proxy = self.proxies.as_ref().is_some_and(|proxies| proxies.of_url(&request.url).is_some());
        Box::pin(async move {
            let exchange = request.exchange;
            let mut outgoing = reqwest::Request::new(request.method, Arc::unwrap_or_clone(request.url));
            *outgoing.headers_mut() = request.headers;
            *outgoing.body_mut() = request.body.map(|body| reqwest::Body::wrap(Unshared(Mutex::new(body))));
            let (dialled, answer) = dialled::watch(client.execute(outgoing)).await;
            let reused = watched && !dialled;
            let answer = answer.map_err(|error| failure::of_exchange(error, reused, by_proxy))?;
            if watched {
                exchange.connected(Connected::new(reused, answer.version()));
            }
            let (head, body) = http::Response::<reqwest::Body>::from(answer).into_parts();
            Ok(Inbound::new(head.status, head.headers, Box::pin(Arriving { body, reused })))
        })
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReqwestTransport")
    }
}

/// The pool's resolver, as `reqwest` asks for it.
struct Resolver(Arc<dyn Resolve>);

impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let found = self.0.resolve(&name.as_str().to_ascii_lowercase());
        Box::pin(async move {
            let found = found.await?.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(found) as reqwest::dns::Addrs)
        })
    }
}

/// What a client is set up with, TLS and versions of HTTP apart.
fn builder(config: &PoolConfig, proxies: &Arc<Proxies>) -> Result<reqwest::ClientBuilder, Error> {
    let connecting = &config.connecting;
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .user_agent(super::AGENT)
        .no_proxy()
        .connect_timeout(config.dial_timeout)
        .pool_max_idle_per_host(config.max_idle_per_host)
        .pool_idle_timeout(config.idle_timeout)
        .tcp_nodelay(true)
        .tcp_keepalive(connecting.tcp_keepalive)
        .tcp_keepalive_interval(connecting.tcp_keepalive)
        .local_address(connecting.local_address)
        .http2_keep_alive_interval(config.keep_alive_interval)
        .http2_keep_alive_timeout(config.keep_alive_timeout)
        .http2_keep_alive_while_idle(config.keep_alive_while_idle)
        .connector_layer(dialled::Layer);
    if !proxies.is_empty() {
        let proxies = Arc::clone(proxies);
        builder = builder.proxy(reqwest::Proxy::custom(move |url| proxies.of_url(url)?.url()));
    }
    for (host, addresses) in &connecting.addresses {
        if host.contains(':') {
            let message = "an address for one port of a host needs the pool's own transport";
            return Err(Error::new(ErrorKind::Config, message));
        }
        let addresses: Vec<_> = addresses.iter().map(|address| SocketAddr::new(*address, 0)).collect();
        builder = builder.resolve_to_addrs(host, &addresses);
    }
    if let Some(resolver) = &connecting.resolver {
        builder = builder.dns_resolver(Resolver(Arc::clone(resolver)));
    }
    Ok(builder)
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

//! Making a connection: the name resolved, the socket dialled, a proxy passed, TLS agreed on.

mod eyeballs;
mod io;
mod names;
mod socket;
mod socks;
mod tunnel;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io::ErrorKind as IoKind;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use steadfast_clock::{Clock, Nanos, SharedTimer};
use tokio_rustls::TlsConnector;

pub(super) use io::{Io, Look};

use self::names::Names;
use self::socket::Sockets;
use super::{TransportError, TransportErrorKind, tls};
use crate::attempt::Reached;
use crate::config::PoolConfig;
use crate::error::Error;
use crate::proxy::{Proxies, Proxy, ProxyKind};
use crate::race;

/// Whom connections are made to: a connection to a target serves any request to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Target {
    pub(super) https: bool,
    /// A name, or an address; IPv6 without brackets.
    pub(super) host: Box<str>,
    pub(super) port: u16,
}

/// A connection that was just made.
#[derive(Debug)]
pub(super) struct Dialled {
    pub(super) io: Io,
    /// HTTP/2 was agreed on.
    pub(super) http2: bool,
    /// Set when a forward proxy is at the other end.
    pub(super) forward: Option<Forward>,
    /// `None` when there was no name to resolve.
    pub(super) dns: Option<Duration>,
    pub(super) dial: Duration,
    pub(super) tls: Option<Duration>,
}

/// What requests through a forward proxy need: a target in absolute form (RFC 9112, section 3.2.2), and this.
#[derive(Debug)]
pub(super) struct Forward {
    /// The value of `Proxy-Authorization`, marked as sensitive.
    pub(super) authorization: Option<HeaderValue>,
}

/// Makes connections.
pub(super) struct Connector {
    timer: SharedTimer,
    dial_timeout: Duration,
    tls_timeout: Duration,
    names: Names,
    sockets: Sockets,
    proxies: Proxies,
    /// Whether http, too, goes through tunnels: HTTP/2 without asking is nothing that a proxy forwards.
    tunnels_only: bool,
    tls: Arc<ClientConfig>,
    proxy_tls: Arc<ClientConfig>,
}

/// How far dialling got.
struct Way {
    io: Io,
    dns: Option<Duration>,
    forward: Option<Forward>,
}

impl Connector {
    /// Reads the variables of proxies and the roots of the machine, where they are asked for.
    pub(super) fn new(config: &PoolConfig, timer: &SharedTimer) -> Result<Self, Error> {
        let connecting = &config.connecting;
        let tls = tls::client_config(&connecting.tls, !config.http1_only)?;
        Ok(Self {
            timer: Arc::clone(timer),
            dial_timeout: config.dial_timeout,
            tls_timeout: config.tls_timeout,
            names: Names::new(connecting),
            sockets: Sockets::new(connecting),
            proxies: connecting.proxies.settled()?,
            tunnels_only: config.http2_prior_knowledge && !config.http1_only,
            proxy_tls: Arc::new(tls::for_proxies(&tls)),
            tls: Arc::new(tls),
        })
    }

    /// Connects to `target`, within the limits of dialling and TLS.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what was opened.
    pub(super) async fn connect(&self, target: &Target) -> Result<Dialled, TransportError> {
        let begun = self.timer.now();
        let way = self.within(begun, self.dial_timeout, TransportErrorKind::DialTimeout, self.reach(target));
        let Way { io, dns, forward } = way.await?;
        let connected = self.timer.now();
        let dial = connected.since(begun).saturating_sub(dns.unwrap_or_default());
        if !target.https {
            return Ok(Dialled { io, http2: false, forward, dns, dial, tls: None });
        }
        let io = self.within(
            connected,
            self.tls_timeout,
            TransportErrorKind::TlsTimeout,
            self.handshake(&self.tls, &target.host, io),
        );
        let io = io.await?;
        let http2 = io.alpn() == Some(b"h2");
        Ok(Dialled { io, http2, forward, dns, dial, tls: Some(self.timer.now().since(connected)) })
    }

    /// Dials the target, or the proxy on the way to it.
    async fn reach(&self, target: &Target) -> Result<Way, TransportError> {
        match self.proxies.of(target.https, &target.host, target.port) {
            Some(proxy) => self.reach_through(proxy, target).await,
            None => {
                let (io, dns) = self.dial(&target.host, target.port).await?;
                Ok(Way { io, dns, forward: None })
            }
        }
    }

    async fn reach_through(&self, proxy: &Proxy, target: &Target) -> Result<Way, TransportError> {
        // What fails on the way to the proxy is the proxy's failure.
        let of_proxy = |error: TransportError| {
            not_connected(TransportErrorKind::Proxy).detailed(error.to_string()).caused_by(error)
        };
        let (mut io, dns) = self.dial(&proxy.host, proxy.port).await.map_err(of_proxy)?;
        let credentials = proxy.credentials.as_ref();
        let mut forward = None;
        match proxy.kind {
            ProxyKind::Http | ProxyKind::Https => {
                if proxy.kind == ProxyKind::Https {
                    io = self.handshake(&self.proxy_tls, &proxy.host, io).await.map_err(of_proxy)?;
                }
                let authorization = credentials.map(tunnel::basic);
                if target.https || self.tunnels_only {
                    tunnel::open(&mut io, &target.host, target.port, authorization.as_ref()).await?;
                } else {
                    forward = Some(Forward { authorization });
                }
            }
            ProxyKind::Socks5 => {
                let (addresses, _) = self.addresses(&target.host, target.port).await?;
                let address = addresses.first().map(|address| socks::Destination::Address(address.ip()));
                let to = address.ok_or_else(|| not_connected(TransportErrorKind::Dns))?;
                socks::open(&mut io, to, target.port, credentials).await?;
            }
            ProxyKind::Socks5h => {
                socks::open(&mut io, socks::Destination::of(&target.host), target.port, credentials).await?;
            }
        }
        Ok(Way { io, dns, forward })
    }

    /// Resolves and dials; the time that resolving took.
    async fn dial(&self, host: &str, port: u16) -> Result<(Io, Option<Duration>), TransportError> {
        let (addresses, dns) = self.addresses(host, port).await?;
        let addresses = self.sockets.reachable(addresses);
        let dialled = eyeballs::first(&self.timer, addresses, |address| self.sockets.dial(address)).await;
        let socket = dialled.map_err(|failures| match eyeballs::most_telling(failures) {
            Some(error) if error.kind() == IoKind::ConnectionRefused => {
                not_connected(TransportErrorKind::Refused).caused_by(error)
            }
            Some(error) => not_connected(TransportErrorKind::Connect).caused_by(error),
            None => not_connected(TransportErrorKind::Connect)
                .detailed("the host has no address of the family of the local one"),
        })?;
        Ok((Io::plain(socket), dns))
    }

    /// The addresses of a host, families in turn; at least one.
    async fn addresses(&self, host: &str, port: u16) -> Result<(Vec<SocketAddr>, Option<Duration>), TransportError> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok((vec![SocketAddr::new(address, port)], None));
        }
        let begun = self.timer.now();
        let found = self.names.of(host, port).await;
        let found = found.map_err(|error| not_connected(TransportErrorKind::Dns).caused_by(error))?;
        if found.is_empty() {
            return Err(not_connected(TransportErrorKind::Dns).detailed("it has no address"));
        }
        let took = self.timer.now().since(begun);
        let found = eyeballs::in_turn(found).into_iter().map(|address| SocketAddr::new(address, port));
        Ok((found.collect(), Some(took)))
    }

    async fn handshake(&self, config: &Arc<ClientConfig>, host: &str, io: Io) -> Result<Io, TransportError> {
        let failed = || not_connected(TransportErrorKind::Tls);
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| failed().detailed("the host name cannot be in a certificate").caused_by(error))?;
        let stream = TlsConnector::from(Arc::clone(config)).connect(name, io).await;
        Ok(Io::tls(stream.map_err(|error| failed().detailed(tls::of_io(&error)).caused_by(error))?))
    }

    async fn within<T>(
        &self,
        begun: Nanos,
        limit: Duration,
        kind: TransportErrorKind,
        work: impl Future<Output = Result<T, TransportError>>,
    ) -> Result<T, TransportError> {
        match race::before(&self.timer, begun.saturating_add(limit), pin!(work)).await {
            Some(result) => result,
            None => Err(not_connected(kind).detailed(format!("more than {:.1} s", limit.as_secs_f64()))),
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("proxies", &self.proxies).finish_non_exhaustive()
    }
}

fn not_connected(kind: TransportErrorKind) -> TransportError {
    TransportError::new(kind, Reached::NotConnected)
}

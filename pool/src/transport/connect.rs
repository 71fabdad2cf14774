//! Making a connection: the name resolved, the socket dialled, TLS agreed on.

mod io;

use std::future::Future;
use std::io::ErrorKind as IoKind;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use steadfast_clock::{Clock, Nanos, SharedTimer};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub(super) use io::{Io, Look};

use super::{TransportError, TransportErrorKind, tls};
use crate::attempt::Reached;
use crate::config::PoolConfig;
use crate::error::{Error, ErrorKind};
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
    /// `None` when there was no name to resolve.
    pub(super) dns: Option<Duration>,
    pub(super) dial: Duration,
    pub(super) tls: Option<Duration>,
}

/// Makes connections.
pub(super) struct Connector {
    timer: SharedTimer,
    dial_timeout: Duration,
    tls_timeout: Duration,
    tls: Arc<ClientConfig>,
}

impl Connector {
    pub(super) fn new(config: &PoolConfig, timer: &SharedTimer) -> Result<Self, Error> {
        let tls = tls::client_config()
            .map_err(|error| Error::new(ErrorKind::Config, "cannot set up TLS").caused_by(error))?;
        Ok(Self {
            timer: Arc::clone(timer),
            dial_timeout: config.dial_timeout,
            tls_timeout: config.tls_timeout,
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
        let dialled = self.within(begun, self.dial_timeout, TransportErrorKind::DialTimeout, self.dial(target));
        let (socket, dns) = dialled.await?;
        let connected = self.timer.now();
        let dial = connected.since(begun).saturating_sub(dns.unwrap_or_default());
        if !target.https {
            return Ok(Dialled { io: Io::plain(socket), http2: false, dns, dial, tls: None });
        }
        let io =
            self.within(connected, self.tls_timeout, TransportErrorKind::TlsTimeout, self.handshake(target, socket));
        let io = io.await?;
        let http2 = io.alpn() == Some(b"h2");
        Ok(Dialled { io, http2, dns, dial, tls: Some(self.timer.now().since(connected)) })
    }

    async fn dial(&self, target: &Target) -> Result<(TcpStream, Option<Duration>), TransportError> {
        let begun = self.timer.now();
        let (addresses, dns) = match target.host.parse::<IpAddr>() {
            Ok(ip) => (vec![SocketAddr::new(ip, target.port)], None),
            Err(_) => {
                let found = tokio::net::lookup_host((&*target.host, target.port)).await;
                let found = found.map_err(|error| not_connected(TransportErrorKind::Dns).caused_by(error))?;
                (found.collect(), Some(self.timer.now().since(begun)))
            }
        };
        let mut failed = not_connected(TransportErrorKind::Dns);
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(socket) => {
                    let _ = socket.set_nodelay(true);
                    return Ok((socket, dns));
                }
                Err(error) => {
                    let kind = match error.kind() {
                        IoKind::ConnectionRefused => TransportErrorKind::Refused,
                        _ => TransportErrorKind::Connect,
                    };
                    failed = not_connected(kind).caused_by(error);
                }
            }
        }
        Err(failed)
    }

    async fn handshake(&self, target: &Target, socket: TcpStream) -> Result<Io, TransportError> {
        let failed = || not_connected(TransportErrorKind::Tls);
        let name = ServerName::try_from(target.host.to_string()).map_err(|error| failed().caused_by(error))?;
        let socket = io::Socket::new(socket);
        let look = socket.look();
        let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(name, socket).await;
        Ok(Io::tls(stream.map_err(|error| failed().caused_by(error))?, look))
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

fn not_connected(kind: TransportErrorKind) -> TransportError {
    TransportError::new(kind, Reached::NotConnected)
}

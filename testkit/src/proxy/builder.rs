//! How a proxy is set up, and how it misbehaves.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::server::{Counts, any_port, listen_with};

use super::route::Routes;
use super::seen::Log;
use super::{Proxy, forward, socks};

/// How a [`Proxy`] is set up; from [`Proxy::http`] or [`Proxy::socks5`].
#[derive(Clone)]
#[must_use]
pub struct ProxyBuilder {
    kind: Kind,
    addr: SocketAddr,
    credentials: Option<(String, String)>,
    routes: Routes,
    fault: Option<(ProxyFault, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Http,
    Socks,
}

/// What a proxy does in place of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyFault {
    /// Refuses the target: with a status such as 502 or 403 over HTTP, with a reply code over SOCKS (RFC 1928, section
    /// 6), such as 2 (not allowed), 4 (host unreachable) or 5 (connection refused).
    Refuse(u16),
    /// Never answers: over HTTP the request, over SOCKS the first message.
    Hang,
    /// Closes the connection in the middle of the handshake: over HTTP after the request, over SOCKS after the first
    /// message.
    Close,
    /// As [`Close`](Self::Close), but resets it.
    Reset,
    /// Answers with bytes that are of no protocol.
    Garbage,
    /// Opens the way, and resets the client's connection after so many bytes from the target.
    CutAfter(u64),
}

/// What the connections of a proxy share.
pub(super) struct Office {
    pub(super) credentials: Option<(String, String)>,
    pub(super) routes: Routes,
    pub(super) log: Log,
    fault: Option<(ProxyFault, u64)>,
    asked: AtomicU64,
}

impl Office {
    /// What goes wrong on the connection that is now new.
    pub(super) fn fault(&self) -> Option<ProxyFault> {
        let before = self.asked.fetch_add(1, Ordering::Relaxed);
        self.fault.filter(|(_, times)| before < *times).map(|(fault, _)| fault)
    }
}

impl ProxyBuilder {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, addr: any_port(), credentials: None, routes: Routes::default(), fault: None }
    }

    /// The address to listen on; without it, a free port of `127.0.0.1`.
    pub fn bind(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// Requires a user's name and password: `Proxy-Authorization: Basic` over HTTP, answered by 407 where it is missing
    /// or another, and RFC 1929 over SOCKS.
    pub fn credentials(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some((user.into(), password.into()));
        self
    }

    /// Takes connections to this name, whatever the port, to an address on loopback.
    pub fn resolve(mut self, name: impl Into<String>, addr: SocketAddr) -> Self {
        self.routes.add(name.into(), addr);
        self
    }

    /// Misbehaves on every connection.
    pub fn fault(self, fault: ProxyFault) -> Self {
        self.fault_times(u64::MAX, fault)
    }

    /// Misbehaves on the first `n` connections that come as far as their first message.
    pub fn fault_times(mut self, n: u64, fault: ProxyFault) -> Self {
        self.fault = Some((fault, n));
        self
    }

    /// Starts the proxy.
    ///
    /// # Errors
    ///
    /// The address cannot be bound.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, there is no proxy.
    #[expect(clippy::unused_async, reason = "async says that it needs a runtime, and leaves room for one that waits")]
    pub async fn start(self) -> io::Result<Proxy> {
        let log = Log::default();
        let office = Arc::new(Office {
            credentials: self.credentials,
            routes: self.routes,
            log: log.clone(),
            fault: self.fault,
            asked: AtomicU64::new(0),
        });
        let counts = Arc::new(Counts::default());
        match self.kind {
            Kind::Http => {
                let serve = move |socket, peer, _| forward::serve(socket, peer, Arc::clone(&office));
                Proxy::started("http", log, listen_with(self.addr, counts, serve))
            }
            Kind::Socks => {
                let serve = move |socket, peer, _| socks::serve(socket, peer, Arc::clone(&office));
                Proxy::started("socks5h", log, listen_with(self.addr, counts, serve))
            }
        }
    }
}

impl fmt::Debug for ProxyBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyBuilder")
            .field("kind", &self.kind)
            .field("addr", &self.addr)
            .field("credentials", &self.credentials.as_ref().map(|_| "[redacted]"))
            .field("routes", &self.routes)
            .field("fault", &self.fault)
            .finish()
    }
}

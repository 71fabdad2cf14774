//! The scripted server, on top of the parts that every server here shares: listener, request reader, reply writer.

mod app;
mod body;
mod builder;
mod census;
mod connection;
mod head;
mod listener;
mod meet;
mod scripted;
mod seen;
mod setup;
mod wire;
mod write;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use crate::Script;

pub(crate) use app::{App, Exchange, Pace, Peer};
pub use builder::ServerBuilder;
#[cfg(feature = "http2")]
pub(crate) use census::Line;
pub use census::{ConnectionSeen, Protocol};
#[cfg(feature = "http2")]
pub(crate) use connection::time_of;
#[cfg(feature = "http2")]
pub(crate) use head::Framing;
pub(crate) use head::Head;
#[cfg(feature = "proxy")]
pub(crate) use listener::{Counts, listen_with};
pub(crate) use listener::{Host, Listening, listen};
pub use seen::Seen;
pub(crate) use seen::{Log, Recording};
pub(crate) use setup::Setup;
#[cfg(any(feature = "proxy", feature = "tls"))]
pub(crate) use wire::Tcp;
#[cfg(any(feature = "http2", feature = "tls"))]
pub(crate) use wire::Wire;
#[cfg(feature = "http2")]
pub(crate) use write::front;
#[cfg(any(feature = "http2", feature = "tls"))]
pub(crate) use write::pause;
#[cfg(feature = "proxy")]
pub(crate) use write::reason;

/// A loopback HTTP server that answers as its [`Script`] says and records what it saw. It speaks HTTP/1.1 over TCP,
/// unless its builder is told to use TLS or HTTP/2.
///
/// It listens from [`start`](Self::start) until it is dropped. Connections that do not come from loopback are closed at
/// accept. It keeps the latest 10,000 requests, fewer where their bodies are above 64 MiB in sum.
#[derive(Debug)]
pub struct Server {
    url: String,
    listening: Listening,
    log: Log,
    #[cfg(feature = "tls")]
    handshakes: Option<crate::tls::Tally>,
}

impl Server {
    /// Starts a server on `127.0.0.1` and a port that is free.
    ///
    /// # Errors
    ///
    /// The address cannot be bound, or the script matches by device, share or provider.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, there is no server.
    pub async fn start(script: Script) -> io::Result<Self> {
        Self::builder().script(script).start().await
    }

    /// Starts a server on an address; port 0 takes one that is free.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, there is no server.
    pub async fn start_on(addr: SocketAddr, script: Script) -> io::Result<Self> {
        Self::builder().bind(addr).script(script).start().await
    }

    /// A server with its address, script and timer chosen.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// `http://`, or `https://` for one with TLS, and the address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.listening.addr()
    }

    /// The requests so far, oldest first, in the order in which their heads came. One whose body is still being read is
    /// among them, with `complete` false.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.log.snapshot()
    }

    /// How many connections it has accepted.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.listening.accepted()
    }

    /// How many of them are open.
    #[must_use]
    pub fn open_connections(&self) -> u64 {
        self.listening.open()
    }

    /// The latest 10,000 connections, oldest first: what each speaks, and how many requests it carried.
    #[must_use]
    pub fn connections_seen(&self) -> Vec<ConnectionSeen> {
        self.listening.census().snapshot()
    }

    /// How many requests were open at the same time, at most, over all connections.
    #[must_use]
    pub fn most_at_once(&self) -> u64 {
        self.listening.census().most_at_once()
    }

    /// How its TLS handshakes went; all zero for a server without TLS.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn handshakes(&self) -> crate::Handshakes {
        self.handshakes.as_ref().map(crate::tls::Tally::snapshot).unwrap_or_default()
    }

    /// Waits until `n` requests have been read to their end, or to where the client broke off, or have been answered
    /// early.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future is always fine.
    pub async fn wait_for(&self, n: u64) {
        self.log.wait_for(n).await;
    }

    /// Stops the server and waits until its port is closed and its connections are gone. Dropping it stops it too, a
    /// moment later.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, the server stops all the same.
    pub async fn stop(self) {
        self.listening.stop().await;
    }
}

/// `127.0.0.1:0`.
pub(crate) fn any_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

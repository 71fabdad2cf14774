//! The scripted server, on top of the parts that every server here shares: listener, request reader, reply writer.

mod app;
mod body;
mod connection;
mod head;
mod listener;
mod scripted;
mod seen;
mod write;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use steadfast_clock::{SharedTimer, TokioTimer, shared};

use crate::Script;

pub(crate) use app::{App, Exchange, Pace, Peer};
pub(crate) use head::Head;
pub(crate) use listener::{Listening, listen};
pub use seen::Seen;
pub(crate) use seen::{Log, Recording};

/// A loopback HTTP/1.1 server that answers as its [`Script`] says and records what it saw.
///
/// It listens from [`start`](Self::start) until it is dropped. Connections that do not come from loopback are closed at
/// accept. It keeps the latest 10,000 requests, fewer where their bodies are above 64 MiB in sum.
#[derive(Debug)]
pub struct Server {
    url: String,
    listening: Listening,
    log: Log,
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

    /// `http://` and the address, without a slash at the end.
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

/// How a [`Server`] is set up; from [`Server::builder`].
#[derive(Clone)]
#[must_use]
pub struct ServerBuilder {
    addr: SocketAddr,
    script: Script,
    timer: SharedTimer,
}

impl Default for ServerBuilder {
    fn default() -> Self {
        Self { addr: any_port(), script: Script::new(), timer: shared(TokioTimer::new()) }
    }
}

impl ServerBuilder {
    /// The address to listen on; without it, a free port of `127.0.0.1`.
    pub fn bind(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// What it does; without it, `404 Not Found` for everything.
    pub fn script(mut self, script: Script) -> Self {
        self.script = script;
        self
    }

    /// The timer of all delays and of [`Seen::at`]; without it, tokio's.
    pub fn timer(mut self, timer: SharedTimer) -> Self {
        self.timer = timer;
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// As [`Server::start`].
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, there is no server.
    #[expect(clippy::unused_async, reason = "async says that it needs a runtime, and leaves room for one that waits")]
    pub async fn start(self) -> io::Result<Server> {
        self.script.check("a plain server", false, false)?;
        let log = Log::new(self.timer.clone());
        let app = scripted::Scripted::new(self.script, log.clone());
        let listening = listen(self.addr, app, self.timer)?;
        let url = format!("http://{}", listening.addr());
        Ok(Server { url, listening, log })
    }
}

impl std::fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerBuilder").field("addr", &self.addr).field("script", &self.script).finish_non_exhaustive()
    }
}

/// `127.0.0.1:0`.
pub(crate) fn any_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

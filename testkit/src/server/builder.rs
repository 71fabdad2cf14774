//! How a scripted server is set up.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use steadfast_clock::{SharedTimer, TokioTimer, shared};

use crate::{Script, Server};

use super::setup::Gate;
use super::{Log, Setup, any_port, listen, scripted};

/// How a [`Server`] is set up; from [`Server::builder`].
#[derive(Clone)]
#[must_use]
pub struct ServerBuilder {
    addr: SocketAddr,
    script: Script,
    timer: SharedTimer,
    idle: Option<Duration>,
    requests: Option<u64>,
    hold_until: u64,
    #[cfg(feature = "tls")]
    tls: Option<crate::ServerTls>,
    #[cfg(feature = "http2")]
    http2: Option<crate::Http2>,
}

impl Default for ServerBuilder {
    fn default() -> Self {
        Self {
            addr: any_port(),
            script: Script::new(),
            timer: shared(TokioTimer::new()),
            idle: None,
            requests: None,
            hold_until: 0,
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "http2")]
            http2: None,
        }
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

    /// The timer of all delays and of [`Seen::at`](crate::Seen::at); without it, tokio's.
    pub fn timer(mut self, timer: SharedTimer) -> Self {
        self.timer = timer;
        self
    }

    /// Closes an HTTP/1.1 connection that has waited this long for a request, without having said so. Without it, never.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle = Some(timeout);
        self
    }

    /// Closes an HTTP/1.1 connection after `n` answers, at least 1, without having said so. Without it, never.
    pub fn requests_per_connection(mut self, n: u64) -> Self {
        self.requests = Some(n.max(1));
        self
    }

    /// Holds every answer until `n` requests have come; from then on, none. So `n` requests must be open at the same time
    /// before one of them ends.
    pub fn hold_until(mut self, n: u64) -> Self {
        self.hold_until = n;
        self
    }

    /// Serves over TLS. The version of HTTP is what ALPN agrees on: HTTP/1.1, and HTTP/2 first where
    /// [`http2`](Self::http2) is set, unless [`ServerTls`](crate::ServerTls) offers something else.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: crate::ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Speaks HTTP/2. Without TLS, to clients with prior knowledge of it (RFC 9113, section 3.3), and nothing else.
    #[cfg(feature = "http2")]
    pub fn http2(mut self, http2: crate::Http2) -> Self {
        self.http2 = Some(http2);
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// As [`Server::start`], and TLS settings that rustls does not take.
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
        let mut setup = Setup::new(self.timer);
        setup.idle = self.idle;
        setup.requests = self.requests;
        setup.gate = (self.hold_until > 0).then(|| Gate::new(self.hold_until));
        #[cfg(feature = "http2")]
        {
            setup.http2 = self.http2;
        }
        #[cfg(feature = "tls")]
        let handshakes = setup.secure(self.tls.as_ref())?;
        let scheme = setup.scheme();
        let listening = listen(self.addr, app, setup)?;
        let url = format!("{scheme}://{}", listening.addr());
        Ok(Server {
            url,
            listening,
            log,
            #[cfg(feature = "tls")]
            handshakes,
        })
    }
}

impl std::fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerBuilder").field("addr", &self.addr).field("script", &self.script).finish_non_exhaustive()
    }
}

//! How the connections of a server are set up, whatever it answers on them.

use std::time::Duration;

use steadfast_clock::SharedTimer;
use tokio::sync::watch;

/// What every connection of a server has in common.
pub(crate) struct Setup {
    pub(crate) timer: SharedTimer,
    /// How long a connection may wait for a request.
    pub(crate) idle: Option<Duration>,
    /// How many requests a connection carries.
    pub(crate) requests: Option<u64>,
    /// What answers wait for.
    pub(crate) gate: Option<Gate>,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<crate::tls::Acceptor>,
    #[cfg(feature = "http2")]
    pub(crate) http2: Option<crate::Http2>,
}

impl Setup {
    /// HTTP/1.1 over TCP.
    pub(crate) fn new(timer: SharedTimer) -> Self {
        Self {
            timer,
            idle: None,
            requests: None,
            gate: None,
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "http2")]
            http2: None,
        }
    }

    /// Adds TLS, and gives the count of its handshakes. After HTTP/2, if both are wanted: ALPN offers what there is.
    #[cfg(feature = "tls")]
    pub(crate) fn secure(&mut self, tls: Option<&crate::ServerTls>) -> std::io::Result<Option<crate::tls::Tally>> {
        #[cfg(feature = "http2")]
        let http2 = self.http2.is_some();
        #[cfg(not(feature = "http2"))]
        let http2 = false;
        self.tls = tls.map(|tls| tls.acceptor(http2)).transpose()?;
        Ok(self.tls.as_ref().map(crate::tls::Acceptor::tally))
    }

    /// Adds TLS that is set up already, and gives the count of its handshakes.
    #[cfg(feature = "tls")]
    pub(crate) fn secure_with(&mut self, acceptor: crate::tls::Acceptor) -> Option<crate::tls::Tally> {
        self.tls = Some(acceptor);
        self.tls.as_ref().map(crate::tls::Acceptor::tally)
    }

    /// `http` or `https`.
    pub(crate) fn scheme(&self) -> &'static str {
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return "https";
        }
        "http"
    }

    /// Waits until so many requests have come as the server was told to wait for.
    pub(crate) async fn gather(&self) {
        if let Some(gate) = &self.gate {
            gate.pass().await;
        }
    }
}

/// Opens when so many requests have come, and stays open.
pub(crate) struct Gate {
    opens_at: u64,
    came: watch::Sender<u64>,
}

impl Gate {
    pub(crate) fn new(opens_at: u64) -> Self {
        Self { opens_at, came: watch::Sender::new(0) }
    }

    async fn pass(&self) {
        self.came.send_modify(|came| *came += 1);
        // The sender lives in self, so there is no error to wait for.
        let mut came = self.came.subscribe();
        let _open = came.wait_for(|came| *came >= self.opens_at).await;
    }
}

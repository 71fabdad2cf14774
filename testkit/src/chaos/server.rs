//! The running server, and what it can tell.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::server::{Listening, Setup, listen};
use crate::{Chaos, ChaosReport, ConnectionSeen, Handled};

use super::app::Chaotic;
use super::ledger::Ledger;

/// A loopback server whose faults are picked at random, from the seed and the weights of its [`Chaos`]. It listens until
/// it is dropped.
#[derive(Debug)]
pub struct ChaosServer {
    url: String,
    listening: Listening,
    ledger: Arc<Ledger>,
    #[cfg(feature = "tls")]
    handshakes: Option<crate::tls::Tally>,
}

impl ChaosServer {
    pub(super) fn start(chaos: Chaos) -> io::Result<Self> {
        let ledger = Arc::new(Ledger::default());
        let mut setup = Setup::new(chaos.timer.clone());
        setup.idle = chaos.idle;
        #[cfg(feature = "http2")]
        {
            setup.http2.clone_from(&chaos.http2);
        }
        #[cfg(feature = "tls")]
        let handshakes = setup.secure(chaos.tls.as_ref())?;
        let (addr, scheme) = (chaos.addr, setup.scheme());
        let listening = listen(addr, Chaotic { chaos, ledger: Arc::clone(&ledger) }, setup)?;
        let url = format!("{scheme}://{}", listening.addr());
        Ok(Self {
            url,
            listening,
            ledger,
            #[cfg(feature = "tls")]
            handshakes,
        })
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

    /// What it has done so far.
    #[must_use]
    pub fn report(&self) -> ChaosReport {
        self.ledger.report()
    }

    /// What it has done to the requests of this number.
    #[must_use]
    pub fn handled(&self, number: u64) -> Handled {
        self.ledger.handled(number)
    }

    /// The numbers that may have been executed more than once ([`Handled::possibly_executed`]), in order: none may be
    /// among them whose client had no leave to resend. Of the first 4 million numbers.
    #[must_use]
    pub fn more_than_once(&self) -> Vec<(u64, Handled)> {
        self.ledger.more_than_once()
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

    /// The latest 10,000 connections, oldest first.
    #[must_use]
    pub fn connections_seen(&self) -> Vec<ConnectionSeen> {
        self.listening.census().snapshot()
    }

    /// How its TLS handshakes went; all zero for a server without TLS.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn handshakes(&self) -> crate::Handshakes {
        self.handshakes.as_ref().map(crate::tls::Tally::snapshot).unwrap_or_default()
    }

    /// Stops the server and waits until its port is closed and its connections are gone.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, the server stops all the same.
    pub async fn stop(self) {
        self.listening.stop().await;
    }
}

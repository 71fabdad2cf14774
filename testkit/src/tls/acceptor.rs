//! The handshake, on the server's side.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::{HandshakeKind, ServerConfig};
use steadfast_clock::SharedTimer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::server::{Peer, Protocol, Tcp, Wire, pause};

use super::Tally;
use super::tally::Counts;

/// What meets the connections of a server with TLS.
#[derive(Clone)]
pub(crate) struct Acceptor {
    greeting: Greeting,
    abrupt: bool,
    tally: Tally,
}

/// What a client gets for its `ClientHello`.
#[derive(Clone)]
pub(super) enum Greeting {
    Handshake(Arc<ServerConfig>),
    /// As what chooses it for the address that was dialled; none is a failure.
    Choose(Chooser),
    Silence,
    Say(Vec<u8>),
}

/// The settings of the server at an address.
pub(super) type Chooser = Arc<dyn Fn(SocketAddr) -> Option<Arc<ServerConfig>> + Send + Sync>;

/// How long a client that was told off is read to nowhere, so that it reads what it was told.
const LINGER: Duration = Duration::from_secs(30);

impl Acceptor {
    pub(super) fn new(greeting: Greeting, abrupt: bool) -> Self {
        Self { greeting, abrupt, tally: Tally::default() }
    }

    /// Settings that depend on the address that was dialled.
    pub(crate) fn choosing(choose: impl Fn(SocketAddr) -> Option<Arc<ServerConfig>> + Send + Sync + 'static) -> Self {
        Self::new(Greeting::Choose(Arc::new(choose)), false)
    }

    /// The count of its handshakes.
    pub(crate) fn tally(&self) -> Tally {
        self.tally.clone()
    }

    /// The connection behind the handshake, and what ALPN agreed on. `None` when there is none.
    pub(crate) async fn accept(&self, tcp: Tcp, peer: &Peer, timer: &SharedTimer) -> Option<(Wire, Option<Protocol>)> {
        let config = match &self.greeting {
            Greeting::Handshake(config) => Arc::clone(config),
            Greeting::Choose(choose) => match choose(peer.local) {
                Some(config) => config,
                None => return self.failed(),
            },
            Greeting::Silence => {
                tcp.hold().await;
                return self.failed();
            }
            Greeting::Say(bytes) => {
                say(tcp, bytes, timer).await;
                return self.failed();
            }
        };
        let handshake = TlsAcceptor::from(config).accept(tcp.clone());
        let Ok(stream) = handshake.await else { return self.failed() };
        let session = stream.get_ref().1;
        self.tally.count(|counts| &counts.completed);
        if session.handshake_kind() == Some(HandshakeKind::Resumed) {
            self.tally.count(|counts| &counts.resumed);
        }
        if session.peer_certificates().is_some() {
            self.tally.count(|counts| &counts.with_client_certificate);
        }
        let agreed = match session.alpn_protocol() {
            Some(b"http/1.1") => Some(Protocol::Http1),
            Some(b"h2") => Some(Protocol::Http2),
            _ => None,
        };
        if let Some(protocol) = agreed {
            self.tally.count(|counts: &Counts| match protocol {
                Protocol::Http1 => &counts.http1,
                Protocol::Http2 => &counts.http2,
            });
        }
        Some((Wire::tls(tcp, stream, self.abrupt), agreed))
    }

    fn failed<T>(&self) -> Option<T> {
        self.tally.count(|counts| &counts.failed);
        None
    }
}

/// Waits for the client's first bytes, answers with `bytes`, and closes once the client has had time to read them.
async fn say(mut tcp: Tcp, bytes: &[u8], timer: &SharedTimer) {
    let mut nowhere = vec![0; 4096];
    if !matches!(tcp.read(&mut nowhere).await, Ok(n) if n > 0) || tcp.write_all(bytes).await.is_err() {
        return;
    }
    let read_all = async { while matches!(tcp.read(&mut nowhere).await, Ok(n) if n > 0) {} };
    tokio::select! {
        () = read_all => {}
        () = pause(timer, LINGER) => {}
    }
}

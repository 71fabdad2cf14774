//! A connection's first moments: TLS if the server has it, then the version of HTTP that was agreed.

use std::sync::Arc;

use tokio::net::TcpStream;

use super::census::Line;
use super::connection;
use super::listener::Host;
use super::wire::{Tcp, Wire};
use super::{App, Peer, Protocol};

/// Serves a connection to its end.
pub(super) async fn meet<A: App>(socket: TcpStream, peer: Peer, host: Arc<Host<A>>, line: Arc<Line>) {
    let tcp = Tcp::new(socket);
    if host.app.turns_away(&peer) {
        return tcp.reset_on_close();
    }
    let Some((wire, agreed)) = secure(tcp, &peer, &host).await else { return };
    let protocol = agreed.unwrap_or(unasked(&host));
    line.speaks(protocol);
    let peer = Peer { protocol, ..peer };
    match protocol {
        #[cfg(feature = "http2")]
        Protocol::Http2 => crate::http2::serve(wire, peer, host, line).await,
        _ => connection::serve(wire, peer, &host, &line).await,
    }
}

/// The TLS handshake, if there is one to make; `None` when it failed.
#[cfg(feature = "tls")]
async fn secure<A: App>(tcp: Tcp, peer: &Peer, host: &Host<A>) -> Option<(Wire, Option<Protocol>)> {
    match &host.setup.tls {
        Some(tls) => tls.accept(tcp, peer, &host.setup.timer).await,
        None => Some((Wire::plain(tcp), None)),
    }
}

#[cfg(not(feature = "tls"))]
#[expect(clippy::unused_async, reason = "its twin makes a handshake")]
async fn secure<A: App>(tcp: Tcp, _: &Peer, _: &Host<A>) -> Option<(Wire, Option<Protocol>)> {
    Some((Wire::plain(tcp), None))
}

/// What a connection speaks when nothing was negotiated.
#[cfg(feature = "http2")]
fn unasked<A>(host: &Host<A>) -> Protocol {
    if host.setup.http2.is_some() { Protocol::Http2 } else { Protocol::Http1 }
}

#[cfg(not(feature = "http2"))]
fn unasked<A>(_: &Host<A>) -> Protocol {
    Protocol::Http1
}

//! HTTP/2 over TLS, a hundred streams a connection.

use std::net;
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The path whose answer takes a second.
pub(crate) const LATE: &str = "/late";

/// The path whose answer takes no time.
pub(crate) const AT_ONCE: &str = "/at-once";

/// What language models' providers allow.
const STREAMS: u32 = 100;

/// Serves for ever.
pub(super) async fn serve(listener: net::TcpListener, acceptor: TlsAcceptor) {
    let listener = TcpListener::from_std(listener).expect("a listener for this runtime");
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        tokio::spawn(converse(stream, acceptor.clone()));
    }
}

/// One connection, until the other side has enough.
async fn converse(stream: TcpStream, acceptor: TlsAcceptor) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let stream = acceptor.accept(stream).await.ok()?;
    let mut connection = h2::server::Builder::new().max_concurrent_streams(STREAMS).handshake(stream).await.ok()?;
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::spawn(answer(request.uri().path() == LATE, respond));
    }
    Some(())
}

async fn answer(late: bool, mut respond: SendResponse<Bytes>) -> Result<(), h2::Error> {
    if late {
        rest().await;
    }
    let mut body = respond.send_response(http::Response::new(()), false)?;
    body.send_data(Bytes::from_static(super::ANSWER.as_bytes()), true)
}

#[expect(clippy::disallowed_methods, reason = "a server of its own process, which takes real time")]
async fn rest() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

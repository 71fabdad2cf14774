//! A connection of the `h2` crate's client, and one request over it.

use std::net::SocketAddr;

use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{Reason, RecvStream, SendStream};
use http::{Request, Response};
use steadfast_testkit::{Http2, Reply, Script, Server};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// A server that speaks HTTP/2 to those who know.
pub(crate) async fn server(http2: Http2, script: Script) -> Server {
    Server::builder().http2(http2).script(script).start().await.unwrap()
}

/// A server that always says the same.
pub(crate) async fn saying(reply: Reply) -> Server {
    server(Http2::new(), Script::new().always(reply)).await
}

/// One connection.
pub(crate) struct Client {
    pub(crate) sender: SendRequest<Bytes>,
    /// The connection itself, which ends with it.
    pub(crate) driver: JoinHandle<Result<(), h2::Error>>,
    pub(crate) pings: Option<h2::PingPong>,
}

/// An answer, its body as far as it came, and what ended it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: Response<()>,
    pub(crate) body: Vec<u8>,
    pub(crate) end: Option<h2::Error>,
}

impl Client {
    pub(crate) async fn dial(addr: SocketAddr) -> Self {
        let socket = TcpStream::connect(addr).await.unwrap();
        let (sender, mut connection) = Builder::new().handshake(socket).await.unwrap();
        let pings = connection.ping_pong();
        Self { sender, driver: tokio::spawn(connection), pings }
    }

    /// As [`dial`](Self::dial), to a server that may reset the connection at once.
    pub(crate) async fn try_dial(addr: SocketAddr) -> Option<Self> {
        let socket = TcpStream::connect(addr).await.ok()?;
        let (sender, connection) = Builder::new().handshake(socket).await.ok()?;
        Some(Self { sender, driver: tokio::spawn(connection), pings: None })
    }

    /// Sends a request without a body, on a connection that may have ended.
    pub(crate) async fn try_begin(&mut self, request: Request<()>) -> Option<ResponseFuture> {
        std::future::poll_fn(|cx| self.sender.poll_ready(cx)).await.ok()?;
        Some(self.sender.send_request(request, true).ok()?.0)
    }

    /// Begins a request; the rest of its body is the caller's if it is not `whole`.
    pub(crate) async fn begin(&mut self, request: Request<()>, whole: bool) -> (ResponseFuture, SendStream<Bytes>) {
        std::future::poll_fn(|cx| self.sender.poll_ready(cx)).await.unwrap();
        self.sender.send_request(request, whole).unwrap()
    }

    /// `GET`, and its answer.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer, h2::Error> {
        std::future::poll_fn(|cx| self.sender.poll_ready(cx)).await?;
        let (response, _) = self.sender.send_request(get(path), true)?;
        finish(response).await
    }
}

pub(crate) fn get(path: &str) -> Request<()> {
    Request::get(format!("http://test{path}")).body(()).unwrap()
}

/// Reads an answer to its end.
pub(crate) async fn finish(response: ResponseFuture) -> Result<Answer, h2::Error> {
    let (parts, mut stream) = response.await?.into_parts();
    let (body, end) = drain(&mut stream).await;
    Ok(Answer { head: Response::from_parts(parts, ()), body, end })
}

async fn drain(stream: &mut RecvStream) -> (Vec<u8>, Option<h2::Error>) {
    let mut body = Vec::new();
    while let Some(piece) = stream.data().await {
        match piece {
            Ok(piece) => {
                body.extend_from_slice(&piece);
                stream.flow_control().release_capacity(piece.len()).unwrap();
            }
            Err(error) => return (body, Some(error)),
        }
    }
    (body, None)
}

/// The code of a reset of the stream alone, by the server.
pub(crate) fn reset_of(error: &h2::Error) -> Option<Reason> {
    error.reason().filter(|_| error.is_reset() && error.is_remote())
}

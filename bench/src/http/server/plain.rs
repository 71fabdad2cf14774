//! HTTP/1.1 with connections that stay open, with TLS or without: a parsed head, a ready answer.

use std::io;
use std::net;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio_rustls::TlsAcceptor;

use crate::llm::tape::{self, Tape};

/// What every other path gets: an answer of a usual size.
pub(crate) const ANSWER: &str = r#"{"id":"resp_0123456789abcdef","object":"answer","created":1694268190,"model":"some-model-of-the-day","choices":[{"index":0,"message":{"role":"assistant","content":"There is nothing to be said about it, and so this is said in a few words."},"finish_reason":"stop"}],"usage":{"in":12,"out":18}}"#;

/// The path that tells how many connections there have been.
pub(crate) const CONNECTIONS: &str = "/connections";

/// The path that answers once so many ask that each of them must have a connection of its own.
pub(crate) const TOGETHER: &str = "/together";
pub(crate) const SO_MANY: usize = 1_000;

static ACCEPTED: AtomicU64 = AtomicU64::new(0);

/// Serves for ever.
pub(super) async fn serve(listener: net::TcpListener, acceptor: Option<TlsAcceptor>) {
    let listener = TcpListener::from_std(listener).expect("a listener for this runtime");
    let (ready, together) = (answer(ANSWER), Arc::new(Barrier::new(SO_MANY)));
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        ACCEPTED.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(receive(stream, acceptor.clone(), ready.clone(), Arc::clone(&together)));
    }
}

fn answer(body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// One connection, until the other side has enough.
async fn receive(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    ready: String,
    together: Arc<Barrier>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match acceptor {
        Some(acceptor) => converse(acceptor.accept(stream).await?, ready, together).await,
        None => converse(stream, ready, together).await,
    }
}

async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    ready: String,
    together: Arc<Barrier>,
) -> io::Result<()> {
    let mut read = BytesMut::with_capacity(8 * 1024);
    while stream.read_buf(&mut read).await? > 0 {
        while let Some(asked) = asked(&mut read)? {
            match asked {
                Asked::Answer => stream.write_all(ready.as_bytes()).await?,
                Asked::Together => {
                    together.wait().await;
                    stream.write_all(ready.as_bytes()).await?;
                }
                Asked::Tape(tape) => stream.write_all(&tape.bytes).await?,
                Asked::Connections => {
                    stream.write_all(answer(&ACCEPTED.load(Ordering::Relaxed).to_string()).as_bytes()).await?;
                }
            }
        }
    }
    Ok(())
}

enum Asked {
    Answer,
    Together,
    Connections,
    Tape(&'static Tape),
}

/// Takes one request off what was read, if all of it is there.
fn asked(read: &mut BytesMut) -> io::Result<Option<Asked>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    let head = match request.parse(read).map_err(io::Error::other)? {
        httparse::Status::Complete(head) => head,
        httparse::Status::Partial => return Ok(None),
    };
    let length = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let body = length.and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok()).unwrap_or(0);
    let asked = match request.path {
        Some(TOGETHER) => Asked::Together,
        Some(CONNECTIONS) => Asked::Connections,
        Some(path) => tape::of(path).map_or(Asked::Answer, Asked::Tape),
        None => Asked::Answer,
    };
    if read.len() < head + body {
        return Ok(None);
    }
    read.advance(head + body);
    Ok(Some(asked))
}

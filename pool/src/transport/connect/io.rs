//! A connection's bytes, plain or over TLS or over TLS in TLS, and a look at whether the other side still holds it.

use std::fmt;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// Asks a connection to look at its socket itself when it next reads, whatever the runtime knows of it.
///
/// The runtime learns that a peer closed a connection when it next asks the system for news. A request that is written in
/// between is lost; so a connection that was idle is looked at first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Look(Arc<AtomicBool>);

impl Look {
    pub(crate) fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The socket below everything.
#[derive(Debug)]
struct Socket {
    tcp: TcpStream,
    look: Look,
}

impl Socket {
    fn new(tcp: TcpStream) -> Self {
        Self { tcp, look: Look::default() }
    }

    /// Reads what the system has now, whether or not the runtime knows of it.
    fn read_now(&self, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match (&*SockRef::from(&self.tcp)).read(buf.initialize_unfilled()) {
            Ok(bytes) => {
                buf.advance(bytes);
                Poll::Ready(Ok(()))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.look.0.load(Ordering::Relaxed) && self.look.0.swap(false, Ordering::Relaxed) {
            let read = self.read_now(buf);
            if read.is_ready() {
                return read;
            }
        }
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

/// A connection.
pub(crate) struct Io {
    bytes: Bytes,
    look: Look,
}

enum Bytes {
    Plain(Socket),
    /// Over a connection of its own: a socket, or the TLS of a proxy.
    Tls(Box<TlsStream<Io>>),
}

impl Io {
    pub(super) fn plain(tcp: TcpStream) -> Self {
        let socket = Socket::new(tcp);
        let look = socket.look.clone();
        Self { bytes: Bytes::Plain(socket), look }
    }

    pub(super) fn tls(stream: TlsStream<Self>) -> Self {
        let look = stream.get_ref().0.look();
        Self { bytes: Bytes::Tls(Box::new(stream)), look }
    }

    pub(crate) fn look(&self) -> Look {
        self.look.clone()
    }

    /// The protocol that was agreed on.
    pub(super) fn alpn(&self) -> Option<&[u8]> {
        match &self.bytes {
            Bytes::Plain(_) => None,
            Bytes::Tls(stream) => stream.get_ref().1.alpn_protocol(),
        }
    }
}

impl fmt::Debug for Io {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.bytes {
            Bytes::Plain(_) => "Io(plain)",
            Bytes::Tls(_) => "Io(tls)",
        })
    }
}

impl AsyncRead for Io {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.bytes {
            Bytes::Plain(socket) => Pin::new(socket).poll_read(cx, buf),
            Bytes::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.bytes {
            Bytes::Plain(socket) => Pin::new(socket).poll_write(cx, buf),
            Bytes::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.bytes {
            Bytes::Plain(socket) => Pin::new(socket).poll_write_vectored(cx, bufs),
            Bytes::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.bytes {
            Bytes::Plain(socket) => socket.is_write_vectored(),
            Bytes::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.bytes {
            Bytes::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Bytes::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.bytes {
            Bytes::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Bytes::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

//! The socket of a connection: TCP alone or below TLS, with a second handle to the TCP part, which can hold and reset it.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

/// A TCP connection that several owners share. It is closed when the last one goes.
#[derive(Clone, Debug)]
pub(crate) struct Tcp(Arc<TcpStream>);

impl Tcp {
    pub(crate) fn new(socket: TcpStream) -> Self {
        Self(Arc::new(socket))
    }

    /// Makes the close of the connection a reset (RST).
    pub(crate) fn reset_on_close(&self) {
        let _gone = self.0.set_zero_linger();
    }

    /// Asks the system for a receive buffer of this size.
    pub(crate) fn set_receive_buffer(&self, bytes: usize) {
        let _smaller = SockRef::from(&*self.0).set_recv_buffer_size(bytes);
    }

    /// Waits until the client goes, without reading what it sends.
    pub(crate) async fn hold(&self) {
        while let Ok(ready) = self.0.ready(Interest::READABLE).await {
            if ready.is_read_closed() {
                return;
            }
            // Claims that a read would block, which makes `ready` wait for the next event instead of telling the last again.
            let _blocked = self.0.try_io(Interest::READABLE, || Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        }
    }
}

impl AsyncRead for Tcp {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            match self.0.try_read_buf(buf) {
                Ok(_) => return Poll::Ready(Ok(())),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Tcp {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match self.0.try_write(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }

    /// What TLS has to say when a handshake fails goes out in one write or not at all.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match self.0.try_write_vectored(bufs) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(SockRef::from(&*self.0).shutdown(Shutdown::Write))
    }
}

/// What a connection is read from and written to.
#[derive(Debug)]
pub(crate) struct Wire {
    tcp: Tcp,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
}

/// The TLS layer of a connection.
#[cfg(feature = "tls")]
#[derive(Debug)]
struct Tls {
    stream: Box<tokio_rustls::server::TlsStream<Tcp>>,
    /// Closes without the `close_notify` alert.
    abrupt: bool,
}

impl Wire {
    /// TCP alone.
    pub(crate) fn plain(tcp: Tcp) -> Self {
        Self {
            tcp,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// TLS over `tcp`.
    #[cfg(feature = "tls")]
    pub(crate) fn tls(tcp: Tcp, stream: tokio_rustls::server::TlsStream<Tcp>, abrupt: bool) -> Self {
        Self { tcp, tls: Some(Tls { stream: Box::new(stream), abrupt }) }
    }

    /// The TCP connection below.
    pub(crate) fn tcp(&self) -> &Tcp {
        &self.tcp
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            return Pin::new(&mut *tls.stream).poll_read(cx, buf);
        }
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            return Pin::new(&mut *tls.stream).poll_write(cx, buf);
        }
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            return Pin::new(&mut *tls.stream).poll_flush(cx);
        }
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        #[cfg(feature = "tls")]
        if let Some(tls) = self.tls.as_mut().filter(|tls| !tls.abrupt) {
            return Pin::new(&mut *tls.stream).poll_shutdown(cx);
        }
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

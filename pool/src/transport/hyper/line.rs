//! An HTTP/1.1 connection without a task: whoever has the exchange on it drives it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use steadfast_clock::Nanos;

use super::super::connect::{Dialled, Forward, Io, Look};
use super::book::Dated;
use super::outgoing::Outgoing;
use super::peer::Peer;
use crate::transport::Connected;

/// The most bytes that the head of an answer may have, and hyper's buffer.
const MAX_HEAD: usize = 64 * 1024;

/// The most header fields that an answer may have.
const MAX_FIELDS: usize = 256;

/// A connection and the machine that speaks HTTP/1.1 on it. Dropping it closes the socket.
pub(super) struct Line {
    sender: http1::SendRequest<Outgoing>,
    /// `None` once it has ended.
    connection: Option<http1::Connection<Wire, Outgoing>>,
    look: Look,
    written: Arc<AtomicBool>,
    made: Nanos,
    pub(super) peer: Arc<Peer>,
    /// Set when a forward proxy is at the other end.
    pub(super) forward: Option<Forward>,
    /// As the first exchange is told.
    fresh: Connected,
    used: bool,
}

impl Line {
    pub(super) async fn new(dialled: Dialled, peer: Arc<Peer>, made: Nanos) -> hyper::Result<Self> {
        let look = dialled.io.look();
        let written = Arc::new(AtomicBool::new(false));
        let wire = Wire { io: TokioIo::new(dialled.io), written: Arc::clone(&written) };
        let mut builder = http1::Builder::new();
        builder.max_buf_size(MAX_HEAD).max_header_size(MAX_HEAD).max_headers(MAX_FIELDS);
        let (sender, connection) = builder.handshake(wire).await?;
        let fresh = Connected::new(false, Version::HTTP_11).timed(dialled.dns, Some(dialled.dial), dialled.tls);
        let (connection, forward) = (Some(connection), dialled.forward);
        Ok(Self { sender, connection, look, written, made, peer, forward, fresh, used: false })
    }

    /// Has the connection look at its socket itself before the next request is written: what the other side did while the
    /// line was idle may not have come to the runtime's ears.
    pub(super) fn suspect(&self) {
        self.look.ask();
    }

    /// Whether it had exchanges before.
    pub(super) fn is_used(&self) -> bool {
        self.used
    }

    /// What the next exchange is told of its connection.
    pub(super) fn connected(&mut self) -> Connected {
        if std::mem::replace(&mut self.used, true) { Connected::new(true, Version::HTTP_11) } else { self.fresh }
    }

    /// Hands a request over. Nothing is written before the line is driven.
    pub(super) fn send(
        &mut self,
        request: Request<Outgoing>,
    ) -> impl Future<Output = Result<Response<Incoming>, TrySendError<Request<Outgoing>>>> + use<> {
        self.written.store(false, Ordering::Relaxed);
        self.sender.try_send_request(request)
    }

    /// Reads and writes what can be. What comes of it is found with the futures and bodies that hyper gave.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        if let Some(connection) = &mut self.connection {
            if Pin::new(connection).poll(cx).is_ready() {
                // Dropping it tells everyone who still waits for something from it.
                self.connection = None;
            }
        }
    }

    /// Whether bytes of the request were written.
    pub(super) fn has_written(&self) -> bool {
        self.written.load(Ordering::Relaxed)
    }

    /// Whether the exchange is over on both sides, and the next may follow.
    pub(super) fn is_free(&self) -> bool {
        self.connection.is_some() && self.sender.is_ready()
    }
}

impl Dated for Box<Line> {
    fn made(&self) -> Nanos {
        self.made
    }
}

/// A waker that does nothing. The channels between a line and the futures of its exchange are asked right after the line
/// was driven, in the same task; a wake-up would only have the task run once more.
pub(super) fn nobody() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// The bytes below hyper, and a note of whether any were written.
struct Wire {
    io: TokioIo<Io>,
    written: Arc<AtomicBool>,
}

impl Wire {
    fn note(&self, written: &Poll<io::Result<usize>>) {
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.written.store(true, Ordering::Relaxed);
        }
    }
}

impl hyper::rt::Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl hyper::rt::Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.note(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.note(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

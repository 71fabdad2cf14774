//! The socket below an HTTP/2 connection, tapped: PINGs are counted, and bytes of our own go out between two frames.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::server::{Line, Wire};

use super::frames::Frames;

/// What every client sends first (RFC 9113, section 3.4).
const PREFACE: usize = 24;

/// The tapped socket.
pub(super) struct Tap {
    wire: Wire,
    line: Arc<Line>,
    preface_left: usize,
    incoming: Frames,
    outgoing: Frames,
    inserts: Inserts,
}

/// The outside end of a tap.
#[derive(Clone, Default)]
pub(super) struct Inserts(Arc<Mutex<Vec<u8>>>);

impl Inserts {
    /// Sends these bytes where the next frame would begin, when the connection is polled again.
    pub(super) fn insert(&self, bytes: &[u8]) {
        self.lock().extend_from_slice(bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tap {
    pub(super) fn new(wire: Wire, line: Arc<Line>) -> (Self, Inserts) {
        let inserts = Inserts::default();
        let tap = Self {
            wire,
            line,
            preface_left: PREFACE,
            incoming: Frames::default(),
            outgoing: Frames::default(),
            inserts: inserts.clone(),
        };
        (tap, inserts)
    }

    /// Sends what is inserted, if the last frame is over.
    fn poll_inserted(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.outgoing.at_boundary() {
            return Poll::Ready(Ok(()));
        }
        let mut inserted = self.inserts.lock();
        while !inserted.is_empty() {
            let sent = ready!(Pin::new(&mut self.wire).poll_write(cx, &inserted))?;
            inserted.drain(..sent);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Tap {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.wire).poll_read(cx, buf))?;
        let mut read = &buf.filled()[before..];
        let preface = this.preface_left.min(read.len());
        this.preface_left -= preface;
        read = &read[preface..];
        for _ in 0..this.incoming.pings(read) {
            this.line.ping();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tap {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.poll_inserted(cx))?;
        let sent = ready!(Pin::new(&mut this.wire).poll_write(cx, buf))?;
        this.outgoing.pings(&buf[..sent]);
        Poll::Ready(Ok(sent))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(this.poll_inserted(cx))?;
        Pin::new(&mut this.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

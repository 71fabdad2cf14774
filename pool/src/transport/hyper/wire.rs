//! The bytes below hyper, and notes of what became of those that it was given.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, ReadBuf};

use super::super::connect::Io;
use super::line::nobody;

/// What the one below hyper tells the one above it.
#[derive(Default)]
pub(super) struct Notes {
    /// Bytes of the request were written.
    written: AtomicBool,
    /// Something was written, and not flushed since.
    unflushed: AtomicBool,
}

impl Notes {
    /// A request follows.
    pub(super) fn begin(&self) {
        self.written.store(false, Ordering::Relaxed);
    }

    pub(super) fn has_written(&self) -> bool {
        self.written.load(Ordering::Relaxed)
    }

    /// hyper flushes what is below it once its own buffer is empty, and not before.
    pub(super) fn is_flushed(&self) -> bool {
        !self.unflushed.load(Ordering::Relaxed)
    }
}

/// A connection's bytes as hyper reads and writes them.
pub(super) struct Wire {
    io: TokioIo<Io>,
    notes: Arc<Notes>,
}

impl Wire {
    pub(super) fn new(io: Io, notes: Arc<Notes>) -> Self {
        Self { io: TokioIo::new(io), notes }
    }

    /// Whether the other side neither said anything nor closed the connection, as far as is known. From then on no task is
    /// woken by what happens there.
    pub(super) fn is_silent(&mut self) -> bool {
        let mut byte = [0];
        Pin::new(self.io.inner_mut()).poll_read(&mut nobody(), &mut ReadBuf::new(&mut byte)).is_pending()
    }

    fn note(&self, written: &Poll<io::Result<usize>>) {
        self.notes.unflushed.store(true, Ordering::Relaxed);
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.notes.written.store(true, Ordering::Relaxed);
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
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.notes.unflushed.store(false, Ordering::Relaxed);
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

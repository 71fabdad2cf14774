//! The bytes below hyper, and notes of what became of those that it was given.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

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
    /// Nothing can be written any more.
    unwritable: AtomicBool,
}

impl Notes {
    /// A request follows.
    pub(super) fn begin(&self) {
        self.written.store(false, Ordering::Relaxed);
    }

    pub(super) fn has_written(&self) -> bool {
        self.written.load(Ordering::Relaxed)
    }

    /// Whether the connection has ended on this side, too.
    pub(super) fn is_unwritable(&self) -> bool {
        self.unwritable.load(Ordering::Relaxed)
    }

    /// hyper flushes what is below it once its own buffer is empty, and not before.
    pub(super) fn is_flushed(&self) -> bool {
        !self.unflushed.load(Ordering::Relaxed)
    }
}

/// A connection's bytes as hyper reads and writes them.
///
/// A server that has said what it thinks of a request may close the connection while the body is still on its way. What it
/// said is there to be read when writing has failed: so a failure to write is kept back until nothing more can be read.
pub(super) struct Wire {
    io: TokioIo<Io>,
    notes: Arc<Notes>,
    /// Why nothing can be written any more.
    unwritable: Option<io::Error>,
}

impl Wire {
    pub(super) fn new(io: Io, notes: Arc<Notes>) -> Self {
        Self { io: TokioIo::new(io), notes, unwritable: None }
    }

    /// Whether the other side neither said anything nor closed the connection, as far as is known. From then on no task is
    /// woken by what happens there.
    pub(super) fn is_silent(&mut self) -> bool {
        let mut byte = [0];
        Pin::new(self.io.inner_mut()).poll_read(&mut nobody(), &mut ReadBuf::new(&mut byte)).is_pending()
    }

    /// Keeps the end of the connection back, if that is what writing came to: what is there to be read goes first.
    fn kept_back<T>(&mut self, written: Poll<io::Result<T>>, cx: &Context<'_>) -> Poll<io::Result<T>> {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        match written {
            Poll::Ready(Err(error)) if matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset) => {
                self.unwritable = Some(error);
                self.notes.unwritable.store(true, Ordering::Relaxed);
                // Each turn begins with reading.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            other => other,
        }
    }

    /// Reads what came before the end, and then tells of the failure to write that came first.
    fn poll_last_words(&mut self, cx: &mut Context<'_>, mut buf: hyper::rt::ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; 4096];
        let room = buf.remaining().min(bytes.len());
        let mut read = ReadBuf::new(&mut bytes[..room]);
        let result = ready!(Pin::new(self.io.inner_mut()).poll_read(cx, &mut read));
        if result.is_ok() && !read.filled().is_empty() {
            buf.put_slice(read.filled());
            return Poll::Ready(Ok(()));
        }
        let ended = self.unwritable.as_ref().map_or(io::ErrorKind::BrokenPipe, io::Error::kind);
        Poll::Ready(Err(self.unwritable.replace(ended.into()).unwrap_or_else(|| ended.into())))
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
        match self.unwritable {
            None => Pin::new(&mut self.io).poll_read(cx, buf),
            Some(_) => self.poll_last_words(cx, buf),
        }
    }
}

impl hyper::rt::Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.unwritable.is_some() {
            return Poll::Pending;
        }
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.note(&written);
        self.kept_back(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.unwritable.is_some() {
            return Poll::Pending;
        }
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.note(&written);
        self.kept_back(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unwritable.is_some() {
            return Poll::Pending;
        }
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.notes.unflushed.store(false, Ordering::Relaxed);
        }
        self.kept_back(flushed, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

//! An HTTP/2 connection: a handle that requests are sent with, and a task that drives it.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Ping, PingPong};
use http::Version;
use steadfast_clock::{BoxSleep, Clock, Nanos, SharedTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::connect::{Dialled, Io};
use super::book::Dated;
use super::hub::Hub;
use super::peer::Peer;
use super::slots::Place;
use crate::attempt::Reached;
use crate::transport::{Connected, TransportError, TransportErrorKind};

/// How much of one answer, and of all answers of a connection, may be on its way unread.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 5 * 1024 * 1024;

/// The most bytes that the fields of an answer may have (RFC 9113, section 6.5.2).
const MAX_FIELDS: u32 = 64 * 1024;

/// A handle on the connection; when the last is dropped the connection ends.
#[derive(Clone)]
pub(super) struct Many {
    pub(super) sender: SendRequest<Bytes>,
    made: Nanos,
    pub(super) peer: Arc<Peer>,
    /// As the first exchange is told.
    pub(super) fresh: Connected,
}

impl Dated for Many {
    fn made(&self) -> Nanos {
        self.made
    }
}

/// Agrees on HTTP/2 with the other side and enters the connection into the book.
pub(super) async fn open(
    hub: &Arc<Hub>,
    set: Place,
    id: u64,
    dialled: Dialled,
    peer: Arc<Peer>,
) -> Result<(), TransportError> {
    let heard = Arc::new(AtomicBool::new(false));
    // Until it says so itself, it is thought to take as many streams as the last one did.
    let max = hub.streams_of(set);
    let mut builder = h2::client::Builder::new();
    builder
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(MAX_FIELDS)
        .initial_max_send_streams(max)
        .enable_push(false);
    let wire = Wire { io: dialled.io, heard: Arc::clone(&heard) };
    let (sender, mut connection) = builder
        .handshake::<_, Bytes>(wire)
        .await
        .map_err(|error| TransportError::new(TransportErrorKind::Connect, Reached::NotConnected).caused_by(error))?;
    let now = hub.timer.now();
    let fresh = Connected::new(false, Version::HTTP_2).timed(dialled.dns, Some(dialled.dial), dialled.tls);
    let many = Many { sender, made: now, peer, fresh };
    let life = hub.config.keep_alive_interval.and_then(|interval| {
        let pings = connection.ping_pong()?;
        let (timeout, idly) = (hub.config.keep_alive_timeout, hub.config.keep_alive_while_idle);
        Some(Life::new(pings, heard, Arc::clone(&hub.timer), interval, timeout, idly))
    });
    hub.with(|book, out| book.many_made((set, id), many, max, now, out));
    tokio::spawn(drive(connection, life, max, Arc::downgrade(hub), set, id));
    Ok(())
}

/// Drives the connection to its end; tells the book how many streams it takes, and when it is over.
async fn drive(
    mut connection: h2::client::Connection<Wire, Bytes>,
    mut life: Option<Life>,
    mut max: usize,
    hub: std::sync::Weak<Hub>,
    set: Place,
    id: u64,
) {
    let _end = End { hub: std::sync::Weak::clone(&hub), set, id };
    poll_fn(|cx| {
        if Pin::new(&mut connection).poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let takes = connection.max_concurrent_send_streams();
        if takes != max {
            max = takes;
            if let Some(hub) = hub.upgrade() {
                hub.with(|book, out| book.many_takes(set, id, max, hub.timer.now(), out));
            }
        }
        match &mut life {
            Some(life) => life.poll(cx, || hub.upgrade().is_some_and(|hub| hub.is_used(set, id))),
            None => Poll::Pending,
        }
    })
    .await;
}

/// Tells the book that the connection is over, also when its task ends with the runtime.
struct End {
    hub: std::sync::Weak<Hub>,
    set: Place,
    id: u64,
}

impl Drop for End {
    fn drop(&mut self) {
        if let Some(hub) = self.hub.upgrade() {
            let now = hub.timer.now();
            hub.with(|book, out| book.many_lost(self.set, self.id, now, out));
        }
    }
}

/// Asks a silent connection whether it still lives (PING, RFC 9113, section 6.7).
struct Life {
    pings: PingPong,
    heard: Arc<AtomicBool>,
    timer: SharedTimer,
    interval: Duration,
    timeout: Duration,
    idly: bool,
    asked: bool,
    due: BoxSleep,
}

impl Life {
    fn new(
        pings: PingPong,
        heard: Arc<AtomicBool>,
        timer: SharedTimer,
        interval: Duration,
        timeout: Duration,
        idly: bool,
    ) -> Self {
        let interval = interval.max(Duration::from_millis(1));
        let due = timer.sleep_until(timer.now().saturating_add(interval));
        Self { pings, heard, timer, interval, timeout, idly, asked: false, due }
    }

    /// Ready when the connection is dead.
    fn poll(&mut self, cx: &mut Context<'_>, is_used: impl Fn() -> bool) -> Poll<()> {
        loop {
            if self.asked && self.pings.poll_pong(cx).is_ready() {
                self.asked = false;
                self.sleep(self.interval);
            }
            ready!(self.due.as_mut().poll(cx));
            let heard = self.heard.swap(false, Ordering::Relaxed);
            if self.asked && !heard {
                return Poll::Ready(());
            }
            let silent = !heard && (self.idly || is_used());
            if !self.asked && silent && self.pings.send_ping(Ping::opaque()).is_ok() {
                self.asked = true;
            }
            self.sleep(if self.asked { self.timeout } else { self.interval });
        }
    }

    fn sleep(&mut self, duration: Duration) {
        self.due = self.timer.sleep_until(self.timer.now().saturating_add(duration));
    }
}

/// The bytes below h2, and a note of whether any came.
struct Wire {
    io: Io,
    heard: Arc<AtomicBool>,
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.heard.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
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

//! An HTTP/1.1 connection without a task: whoever has the exchange on it drives it.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1;
use steadfast_clock::Nanos;

use super::super::connect::{Dialled, Forward, Look};
use super::outgoing::Outgoing;
use super::peer::Peer;
use super::wire::{Notes, Wire};
use crate::transport::Connected;

/// The most bytes that the head of an answer may have, and hyper's buffer.
const MAX_HEAD: usize = 64 * 1024;

/// The most header fields that an answer may have.
const MAX_FIELDS: usize = 256;

/// What comes of a request that was handed to a line.
pub(super) type Answered = Result<Response<Incoming>, TrySendError<Request<Outgoing>>>;

/// A connection and the machine that speaks HTTP/1.1 on it. Dropping it closes the socket.
pub(super) struct Line {
    sender: http1::SendRequest<Outgoing>,
    /// `None` once it has ended.
    connection: Option<http1::Connection<Wire, Outgoing>>,
    pub(super) facts: Facts,
}

/// What is known of a connection, whether or not there is a machine on it.
pub(super) struct Facts {
    pub(super) look: Look,
    notes: Arc<Notes>,
    pub(super) made: Nanos,
    pub(super) peer: Arc<Peer>,
    /// Set when a forward proxy is at the other end.
    pub(super) forward: Option<Forward>,
    /// As the first exchange is told.
    fresh: Connected,
    used: bool,
}

impl Line {
    /// Puts a machine on a connection that was just made.
    pub(super) async fn new(dialled: Dialled, peer: Arc<Peer>, made: Nanos) -> hyper::Result<Self> {
        let look = dialled.io.look();
        let notes = Arc::new(Notes::default());
        let fresh = Connected::new(false, Version::HTTP_11).timed(dialled.dns, Some(dialled.dial), dialled.tls);
        let wire = Wire::new(dialled.io, Arc::clone(&notes));
        let facts = Facts { look, notes, made, peer, forward: dialled.forward, fresh, used: false };
        Self::on(wire, facts).await
    }

    /// Puts a machine on a connection; nothing is read or written, nor waited for.
    async fn on(wire: Wire, facts: Facts) -> hyper::Result<Self> {
        let mut builder = http1::Builder::new();
        builder.max_buf_size(MAX_HEAD).max_header_size(MAX_HEAD).max_headers(MAX_FIELDS);
        let (sender, connection) = builder.handshake(wire).await?;
        Ok(Self { sender, connection: Some(connection), facts })
    }

    /// Puts a machine on a connection that had lost it.
    pub(super) fn again(wire: Wire, facts: Facts) -> Option<Self> {
        match pin!(Self::on(wire, facts)).poll(&mut nobody()) {
            Poll::Ready(line) => line.ok(),
            Poll::Pending => None,
        }
    }

    /// Whether nothing is lost with the machine, as far as can be told: all that it was given is written.
    pub(super) fn is_flushed(&self) -> bool {
        self.facts.notes.is_flushed()
    }

    /// Drops the machine; `None` when it has ended, or has read what nobody asked for.
    pub(super) fn bare(self) -> Option<(Wire, Facts)> {
        let parts = self.connection?.into_parts();
        parts.read_buf.is_empty().then_some((parts.io, self.facts))
    }

    /// Has the connection look at its socket itself before the next request is written: what the other side did while the
    /// line was idle may not have come to the runtime's ears.
    pub(super) fn suspect(&self) {
        self.facts.look.ask();
    }

    /// Whether it had exchanges before.
    pub(super) fn is_used(&self) -> bool {
        self.facts.used
    }

    /// What the next exchange is told of its connection.
    pub(super) fn connected(&mut self) -> Connected {
        let facts = &mut self.facts;
        if std::mem::replace(&mut facts.used, true) { Connected::new(true, Version::HTTP_11) } else { facts.fresh }
    }

    /// Hands a request over. Nothing is written before the line is driven.
    pub(super) fn send(&mut self, request: Request<Outgoing>) -> impl Future<Output = Answered> + use<> {
        self.facts.notes.begin();
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
        self.facts.notes.has_written()
    }

    /// Whether the exchange is over on both sides, and the next may follow.
    pub(super) fn is_free(&self) -> bool {
        self.connection.is_some() && self.sender.is_ready() && !self.facts.notes.is_unwritable()
    }
}

/// A waker that does nothing. The channels between a line and the futures of its exchange are asked right after the line
/// was driven, in the same task; a wake-up would only have the task run once more.
pub(super) fn nobody() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

//! What a server does with its requests, seen from the connection that carries them.

use std::net::SocketAddr;

use crate::Reply;

use super::{Head, Protocol};

/// The behaviour of a server.
pub(crate) trait App: Send + Sync + 'static {
    /// One request and its answer.
    type Exchange: Exchange;

    /// A request's head has come.
    fn begin(&self, head: &Head, peer: &Peer) -> Self::Exchange;

    /// Whether a connection that was just accepted is reset at once.
    fn turns_away(&self, _: &Peer) -> bool {
        false
    }
}

/// One request on its way through a server: the head gave it, the body is fed to it, the reply comes out.
pub(crate) trait Exchange: Send {
    /// How the body is to be read.
    fn pace(&self) -> Pace;

    /// A piece of the body.
    fn feed(&mut self, piece: &[u8]);

    /// The body is over: complete, or broken off. Told before [`reply`](Self::reply), and after it when early.
    fn finish(&mut self, complete: bool);

    /// What to answer.
    fn reply(&mut self) -> Reply;
}

/// How the body of a request is read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    /// The answer goes out first.
    pub(crate) early: bool,
    /// The connection goes on after an early answer.
    pub(crate) stay: bool,
    /// The rest of the body is not read after an early answer.
    pub(crate) hang_up: bool,
    /// Bytes per second.
    pub(crate) slow_read: Option<u64>,
    /// A client that waits for leave to send the body gets none.
    pub(crate) no_continue: bool,
    /// Bytes, after which the connection is broken off.
    pub(crate) take_only: Option<u64>,
}

impl Pace {
    /// The pace that a step of the script asks for.
    pub(crate) fn of(fault: Option<&Reply>) -> Self {
        fault.map_or_else(Self::default, |reply| Self {
            early: reply.is_early(),
            stay: reply.stay,
            hang_up: reply.hang_up,
            slow_read: reply.slow_read,
            no_continue: reply.no_continue,
            take_only: reply.take_only,
        })
    }
}

/// What is known of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    /// The address that the client dialled.
    pub(crate) local: SocketAddr,
    /// From 1, in the order of accepting.
    pub(crate) connection: u64,
    /// What it speaks.
    pub(crate) protocol: Protocol,
}

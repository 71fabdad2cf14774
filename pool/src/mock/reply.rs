//! What the mock does with a request: answer, fail, keep silent, or decide when it sees it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::recorded::Recorded;
use super::response::MockResponse;
use crate::attempt::Reached;
use crate::transport::{TransportError, TransportErrorKind};

/// A failure on the way: no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct MockFault {
    kind: TransportErrorKind,
    pub(super) reached: Reached,
    reused: bool,
    pub(super) latency: Duration,
}

impl MockFault {
    /// A failure of this kind, when the exchange got so far. A transport can end with any pair of them; what the pool
    /// makes of it is what it would make of a network's.
    pub fn new(kind: TransportErrorKind, reached: Reached) -> Self {
        Self { kind, reached, reused: false, latency: Duration::ZERO }
    }

    /// Nobody listens there.
    pub fn refused() -> Self {
        Self::new(TransportErrorKind::Refused, Reached::NotConnected)
    }

    /// The host's name does not resolve.
    pub fn dns() -> Self {
        Self::new(TransportErrorKind::Dns, Reached::NotConnected)
    }

    /// The connection is reset after the request was written.
    pub fn reset() -> Self {
        Self::new(TransportErrorKind::Reset, Reached::Written)
    }

    /// A kept connection turns out closed, without a byte of an answer: the stale keep-alive case.
    pub fn stale() -> Self {
        Self::new(TransportErrorKind::Closed, Reached::Written).on_reused(true)
    }

    /// Says whether the connection had served other requests before.
    pub fn on_reused(mut self, reused: bool) -> Self {
        self.reused = reused;
        self
    }

    /// Waits before it fails.
    pub fn latency(mut self, delay: Duration) -> Self {
        self.latency = delay;
        self
    }

    pub(super) fn error(&self) -> TransportError {
        TransportError::new(self.kind, self.reached).on_reused(self.reused)
    }
}

/// What is done with a request: an answer, a fault, silence, or what a closure says.
#[derive(Clone)]
#[must_use]
pub struct MockReply(pub(super) Play);

#[derive(Clone)]
pub(super) enum Play {
    Answer(MockResponse),
    Fail(MockFault),
    Silence,
    Decide(Arc<dyn Fn(&Recorded) -> MockReply + Send + Sync>),
}

impl MockReply {
    /// Takes the request and never answers.
    pub fn never() -> Self {
        Self(Play::Silence)
    }

    /// Decides when it sees the request.
    pub fn by<R: Into<Self>>(decide: impl Fn(&Recorded) -> R + Send + Sync + 'static) -> Self {
        Self(Play::Decide(Arc::new(move |request| decide(request).into())))
    }

    /// What it comes to for `request`.
    pub(super) fn decided(self, request: &Recorded) -> Self {
        let mut reply = self;
        while let Play::Decide(decide) = &reply.0 {
            reply = decide(request);
        }
        reply
    }
}

impl From<MockResponse> for MockReply {
    fn from(response: MockResponse) -> Self {
        Self(Play::Answer(response))
    }
}

impl From<MockFault> for MockReply {
    fn from(fault: MockFault) -> Self {
        Self(Play::Fail(fault))
    }
}

impl fmt::Debug for MockReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Play::Answer(response) => response.fmt(f),
            Play::Fail(fault) => fault.fmt(f),
            Play::Silence => f.write_str("silence"),
            Play::Decide(_) => f.write_str("decided by a closure"),
        }
    }
}

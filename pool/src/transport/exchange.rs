//! What is known of one exchange while it runs: written by the transport, read by the pipeline.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use http::Version;
use steadfast_clock::{Clock, Nanos, SharedTimer};

use crate::attempt::Reached;
use crate::pipeline::Progress;

/// The connection that an exchange was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connected {
    /// Whether it had served other exchanges before.
    pub reused: bool,
    /// The version that is spoken on it.
    pub version: Version,
    /// How long the name's resolution took; `None` when there was none for this exchange, or the transport cannot tell.
    pub dns: Option<Duration>,
    /// How long dialling took, proxies included; `None` likewise.
    pub dial: Option<Duration>,
    /// How long the TLS handshake took; `None` likewise.
    pub tls: Option<Duration>,
}

impl Connected {
    /// A connection without times.
    #[must_use]
    pub fn new(reused: bool, version: Version) -> Self {
        Self { reused, version, dns: None, dial: None, tls: None }
    }

    /// Sets the times of its making.
    #[must_use]
    pub fn timed(mut self, dns: Option<Duration>, dial: Option<Duration>, tls: Option<Duration>) -> Self {
        (self.dns, self.dial, self.tls) = (dns, dial, tls);
        self
    }
}

/// How far an exchange is.
///
/// A transport that says [`connecting`](Self::connecting) tells every step from then on; one that says nothing is taken
/// to have written the request as soon as it was asked to.
#[derive(Default)]
pub struct Exchange {
    stage: AtomicU8,
    timer: Option<SharedTimer>,
    /// The attempt before met a connection that had been closed: this one is to have one that is new.
    afresh: bool,
    /// When it began, until its first step is over: all of that step is told as of then. 0 afterwards.
    began: AtomicU64,
    connected: OnceLock<(Connected, Option<Nanos>)>,
    /// How its upload goes.
    pub(crate) upload: Progress,
}

const CONNECTING: u8 = 1;
const CONNECTED: u8 = 2;
const WRITTEN: u8 = 3;

impl Exchange {
    /// One that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One that notes by `timer` when it is given its connection.
    #[must_use]
    pub fn on(timer: SharedTimer) -> Self {
        Self { timer: Some(timer), ..Self::default() }
    }

    /// Sets whether it is to have a connection that is new.
    pub(crate) fn afresh(mut self, afresh: bool) -> Self {
        self.afresh = afresh;
        self
    }

    /// Whether it is to have a connection that is new.
    #[cfg_attr(not(feature = "hyper"), expect(dead_code, reason = "for a transport that can choose"))]
    pub(crate) fn is_afresh(&self) -> bool {
        self.afresh
    }

    /// As [`on`](Self::on), of an exchange whose first step is taken `now`.
    pub(crate) fn begun(timer: SharedTimer, now: Nanos) -> Self {
        Self { began: AtomicU64::new(now.as_nanos()), ..Self::on(timer) }
    }

    /// The first step is over: from now on the timer is asked.
    pub(crate) fn goes_on(&self) {
        self.began.store(0, Ordering::Relaxed);
    }

    /// The timer of the pool that sends it, for waits of the transport; `None` when it is not a pool.
    #[must_use]
    pub fn timer(&self) -> Option<&SharedTimer> {
        self.timer.as_ref()
    }

    /// The time by its timer; the beginning of time without one.
    pub(crate) fn now(&self) -> Nanos {
        match self.began.load(Ordering::Relaxed) {
            0 => self.timer.as_ref().map_or(Nanos::ZERO, Clock::now),
            began => Nanos::from_nanos(began),
        }
    }

    /// The transport looks for a connection, and will tell of it.
    pub fn connecting(&self) {
        self.stage.store(CONNECTING, Ordering::Relaxed);
    }

    /// There is a connection.
    pub fn connected(&self, connection: Connected) {
        let _ = self.connected.set((connection, self.timer.is_some().then(|| self.now())));
        let _ = self.stage.compare_exchange(CONNECTING, CONNECTED, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Bytes of the request may have been written.
    pub fn written(&self) {
        self.stage.store(WRITTEN, Ordering::Relaxed);
    }

    /// How far the request got, for a failure before the head of an answer.
    #[must_use]
    pub fn reached(&self) -> Reached {
        match self.stage.load(Ordering::Relaxed) {
            CONNECTING => Reached::NotConnected,
            CONNECTED => Reached::NotWritten,
            _ => Reached::Written,
        }
    }

    /// Whether the transport still looks for a connection.
    #[must_use]
    pub fn is_connecting(&self) -> bool {
        self.stage.load(Ordering::Relaxed) == CONNECTING
    }

    /// The connection, once there is one and the transport tells.
    #[must_use]
    pub fn connection(&self) -> Option<&Connected> {
        self.connected.get().map(|(connection, _)| connection)
    }

    /// When it was given its connection.
    #[must_use]
    pub fn connected_at(&self) -> Option<Nanos> {
        self.connected.get().and_then(|(_, at)| *at)
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("reached", &self.reached()).field("connection", &self.connection()).finish()
    }
}

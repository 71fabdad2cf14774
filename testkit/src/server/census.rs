//! What a server knows of its connections: how many requests each carried, and how many at once.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The version of HTTP that a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP/1.0 or HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

/// One connection, as the server saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionSeen {
    /// From 1, in the order of accepting: the number of [`Seen::connection`](crate::Seen::connection).
    pub number: u64,
    /// What it speaks; `None` while that is not known, for one that never came so far.
    pub protocol: Option<Protocol>,
    /// How many requests (streams, over HTTP/2) were begun on it.
    pub requests: u64,
    /// How many of them were open at the same time, at most.
    pub most_at_once: u64,
    /// How many HTTP/2 PING frames the client sent, acknowledgements apart. They are answered unless the connection is
    /// frozen.
    pub pings: u64,
    /// Whether it is open.
    pub open: bool,
}

/// How many connections are remembered.
const KEPT: usize = 10_000;

/// The latest connections of a server, and how many requests it has open.
#[derive(Debug, Default)]
pub(crate) struct Census {
    lines: Mutex<VecDeque<Arc<Line>>>,
    now: AtomicU64,
    most: AtomicU64,
}

/// One connection while it lives, and afterwards.
#[derive(Debug)]
pub(crate) struct Line {
    number: u64,
    /// 0 is not known, 1 and 2 are the versions.
    protocol: AtomicU8,
    requests: AtomicU64,
    now: AtomicU64,
    most: AtomicU64,
    pings: AtomicU64,
    open: AtomicBool,
}

impl Census {
    /// Writes down a new connection.
    pub(crate) fn enter(&self, number: u64) -> Arc<Line> {
        let line = Arc::new(Line {
            number,
            protocol: AtomicU8::new(0),
            requests: AtomicU64::new(0),
            now: AtomicU64::new(0),
            most: AtomicU64::new(0),
            pings: AtomicU64::new(0),
            open: AtomicBool::new(true),
        });
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(Arc::clone(&line));
        line
    }

    pub(crate) fn snapshot(&self) -> Vec<ConnectionSeen> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|line| line.snapshot()).collect()
    }

    /// How many requests were open at the same time, at most, over all connections.
    pub(crate) fn most_at_once(&self) -> u64 {
        self.most.load(Ordering::Relaxed)
    }

    /// A request has begun on a connection; it is open until the guard goes.
    pub(crate) fn begin<'a>(&'a self, line: &'a Line) -> Flight<'a> {
        line.requests.fetch_add(1, Ordering::Relaxed);
        for (now, most) in [(&line.now, &line.most), (&self.now, &self.most)] {
            most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
        Flight { census: self, line }
    }
}

impl Line {
    pub(crate) fn speaks(&self, protocol: Protocol) {
        self.protocol.store(if protocol == Protocol::Http1 { 1 } else { 2 }, Ordering::Relaxed);
    }

    #[cfg(feature = "http2")]
    pub(crate) fn ping(&self) {
        self.pings.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn closed(&self) {
        self.open.store(false, Ordering::Relaxed);
    }

    fn snapshot(&self) -> ConnectionSeen {
        ConnectionSeen {
            number: self.number,
            protocol: match self.protocol.load(Ordering::Relaxed) {
                0 => None,
                1 => Some(Protocol::Http1),
                _ => Some(Protocol::Http2),
            },
            requests: self.requests.load(Ordering::Relaxed),
            most_at_once: self.most.load(Ordering::Relaxed),
            pings: self.pings.load(Ordering::Relaxed),
            open: self.open.load(Ordering::Relaxed),
        }
    }
}

/// A request that is open.
#[derive(Debug)]
pub(crate) struct Flight<'a> {
    census: &'a Census,
    line: &'a Line,
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.line.now.fetch_sub(1, Ordering::Relaxed);
        self.census.now.fetch_sub(1, Ordering::Relaxed);
    }
}

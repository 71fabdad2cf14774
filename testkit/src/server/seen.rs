//! What a server saw: the record of a request, and the log of the latest of them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use steadfast_clock::{Nanos, SharedTimer};
use tokio::sync::watch;

use crate::Headers;

use super::{Head, Peer};

/// One request, as the server saw it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// When its head had come, by the server's timer.
    pub at: Nanos,
    /// The method.
    pub method: String,
    /// The request target as sent: path and query.
    pub path: String,
    /// The header fields.
    pub headers: Headers,
    /// The body without its framing, at most its first 1 MiB.
    pub body: Bytes,
    /// The length of the whole body, in bytes, as far as it came.
    pub body_len: u64,
    /// SHA-256 of the whole body, as far as it came; of nothing while it is still being read.
    pub body_sha256: [u8; 32],
    /// The number of the connection, from 1 in the order of accepting: equal numbers are one kept-alive connection.
    pub connection: u64,
    /// Whether the whole body came.
    pub complete: bool,
}

impl Seen {
    /// The body as text, bytes that are not UTF-8 as `U+FFFD`.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; `None` when it is not, or longer than what was kept.
    #[must_use]
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen")
            .field("at", &self.at)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &Redacted(&self.headers))
            .field("body_len", &self.body_len)
            .field("connection", &self.connection)
            .field("complete", &self.complete)
            .finish_non_exhaustive()
    }
}

/// Header fields without the values that are secrets.
struct Redacted<'a>(&'a Headers);

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SECRET: [&str; 5] = ["authorization", "proxy-authorization", "x-api-key", "api-key", "cookie"];
        let shown = self.0.iter().map(|(name, value)| {
            let secret = SECRET.iter().any(|secret| secret.eq_ignore_ascii_case(name));
            (name, if secret { "[redacted]" } else { value })
        });
        f.debug_map().entries(shown).finish()
    }
}

/// How much of a body is kept in the log.
const KEPT_BODY: usize = 1024 * 1024;
/// How many requests the log holds, and how many bytes of bodies.
const KEPT_REQUESTS: usize = 10_000;
const KEPT_BYTES: usize = 64 * 1024 * 1024;

/// The latest requests of a server.
#[derive(Clone)]
pub(crate) struct Log {
    shared: Arc<Mutex<Entries>>,
    ended: Arc<watch::Sender<u64>>,
    timer: SharedTimer,
}

#[derive(Default)]
struct Entries {
    /// The number of the oldest entry.
    first: u64,
    entries: VecDeque<Seen>,
    bytes: usize,
}

impl Log {
    pub(crate) fn new(timer: SharedTimer) -> Self {
        Self { shared: Arc::default(), ended: Arc::new(watch::Sender::new(0)), timer }
    }

    pub(crate) fn snapshot(&self) -> Vec<Seen> {
        self.lock().entries.iter().cloned().collect()
    }

    pub(crate) async fn wait_for(&self, n: u64) {
        // The sender lives in self, so there is no error to wait for.
        let mut ended = self.ended.subscribe();
        let _reached = ended.wait_for(|ended| *ended >= n).await;
    }

    /// Begins the record of a request, of whose body the first `keep` bytes are held for the caller.
    pub(crate) fn begin(&self, head: &Head, peer: &Peer, keep: usize) -> Recording {
        let seen = Seen {
            at: self.timer.now(),
            method: head.method.clone(),
            path: head.target.clone(),
            headers: head.headers.clone(),
            body: Bytes::new(),
            body_len: 0,
            body_sha256: Sha256::new().finalize().into(),
            connection: peer.connection,
            complete: false,
        };
        let mut state = self.lock();
        state.entries.push_back(seen);
        while state.entries.len() > KEPT_REQUESTS {
            state.forget_oldest();
        }
        let number = state.first + state.entries.len() as u64 - 1;
        drop(state);
        Recording { log: self.clone(), number, keep, body: Vec::new(), len: 0, hash: Sha256::new(), counted: false }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("requests", &*self.ended.borrow()).finish_non_exhaustive()
    }
}

impl Entries {
    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.entries.pop_front() {
            self.first += 1;
            self.bytes -= oldest.body.len();
        }
    }
}

/// A request whose body is being read.
#[derive(Debug)]
pub(crate) struct Recording {
    log: Log,
    number: u64,
    keep: usize,
    body: Vec<u8>,
    len: u64,
    hash: Sha256,
    counted: bool,
}

impl Recording {
    pub(crate) fn feed(&mut self, piece: &[u8]) {
        let room = self.keep - self.body.len().min(self.keep);
        self.body.extend_from_slice(&piece[..piece.len().min(room)]);
        self.len += piece.len() as u64;
        self.hash.update(piece);
    }

    /// The kept part of the body.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// How long the body is so far.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Writes down what came of the body, and counts the request as read.
    pub(crate) fn finish(&mut self, complete: bool) {
        let kept = Bytes::copy_from_slice(&self.body[..self.body.len().min(KEPT_BODY)]);
        let mut guard = self.log.lock();
        let state = &mut *guard;
        let index = self.number.checked_sub(state.first).and_then(|index| usize::try_from(index).ok());
        if let Some(seen) = index.and_then(|index| state.entries.get_mut(index)) {
            state.bytes += kept.len();
            seen.body = kept;
            seen.body_len = self.len;
            seen.body_sha256 = self.hash.clone().finalize().into();
            seen.complete = complete;
        }
        while state.bytes > KEPT_BYTES {
            state.forget_oldest();
        }
        drop(guard);
        self.count();
    }

    /// Counts the request as read, though its body may still come.
    pub(crate) fn count(&mut self) {
        if !std::mem::replace(&mut self.counted, true) {
            self.log.ended.send_modify(|ended| *ended += 1);
        }
    }
}

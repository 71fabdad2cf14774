//! What a proxy was asked for, and what came of it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::route::Target;

/// One thing that a proxy was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProxySeen {
    /// The number of the client's connection, from 1.
    pub connection: u64,
    /// The host to go to, a name or an address, as asked for.
    pub host: String,
    /// The port to go to.
    pub port: u16,
    /// Whether bytes were to pass as they are, by `CONNECT` or SOCKS; otherwise it was an HTTP request to forward.
    pub tunnel: bool,
    /// What came of it.
    pub outcome: ProxyOutcome,
}

/// What came of a request to a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyOutcome {
    /// The way to the target was opened.
    Opened,
    /// It lacked the credentials, or had others. Over SOCKS such a client is not asked for a target: the host is empty.
    Unauthorized,
    /// A fault struck.
    Faulted,
    /// The target is not on loopback, or did not take the connection.
    Unreachable,
}

/// How much is remembered.
const KEPT: usize = 10_000;

/// The record of a proxy.
#[derive(Clone, Debug, Default)]
pub(super) struct Log(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    entries: Mutex<VecDeque<ProxySeen>>,
    opened: AtomicU64,
}

impl Log {
    pub(super) fn note(&self, connection: u64, target: Target, tunnel: bool, outcome: ProxyOutcome) {
        if outcome == ProxyOutcome::Opened {
            self.0.opened.fetch_add(1, Ordering::Relaxed);
        }
        let mut entries = self.0.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(ProxySeen { connection, host: target.host, port: target.port, tunnel, outcome });
    }

    pub(super) fn snapshot(&self) -> Vec<ProxySeen> {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(super) fn opened(&self) -> u64 {
        self.0.opened.load(Ordering::Relaxed)
    }
}

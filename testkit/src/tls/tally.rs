//! How the handshakes of a server went.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How the TLS handshakes of a [`Server`](crate::Server) went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handshakes {
    /// Handshakes that were completed.
    pub completed: u64,
    /// Those that were not: the client broke off, or one end refused the other.
    pub failed: u64,
    /// Of the completed ones, those that resumed an earlier session.
    pub resumed: u64,
    /// Of the completed ones, those whose ALPN agreed on HTTP/1.1.
    pub http1: u64,
    /// Of the completed ones, those whose ALPN agreed on HTTP/2.
    pub http2: u64,
    /// Of the completed ones, those with a client certificate.
    pub with_client_certificate: u64,
}

/// The count while the server runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(Arc<Counts>);

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) completed: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) resumed: AtomicU64,
    pub(super) http1: AtomicU64,
    pub(super) http2: AtomicU64,
    pub(super) with_client_certificate: AtomicU64,
}

impl Tally {
    /// Adds one to a count.
    pub(super) fn count(&self, which: impl Fn(&Counts) -> &AtomicU64) {
        which(&self.0).fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self) -> Handshakes {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Handshakes {
            completed: read(&self.0.completed),
            failed: read(&self.0.failed),
            resumed: read(&self.0.resumed),
            http1: read(&self.0.http1),
            http2: read(&self.0.http2),
            with_client_certificate: read(&self.0.with_client_certificate),
        }
    }
}

//! The figures of a pool, or of one host, at one moment.

use std::fmt;
use std::ops::Deref;

use steadfast_telemetry::{CallReport, Latency, Snapshot};

use crate::host::{
    COALESCED, DIAL, DNS, FIRST_BYTE, HEDGES, HEDGES_WON, HOST, METRICS, NEW, REUSED, REVALIDATED, STALE, TLS, key,
};
use crate::transport::Connections;

/// What was counted: the report of calls, which is what it dereferences to, and what is known of connections.
///
/// | asked for | is |
/// |---|---|
/// | all, successful, failed calls | `requests`, `succeeded`, `failed`; also `cancelled` and `active` |
/// | retries | `retries` |
/// | latency: total, average, percentiles | `latency.total`, `latency.mean`, `latency.p50`, `latency.p95`, `latency.p99` |
/// | active and idle connections | [`active_connections`](Self::active_connections), [`idle_connections`](Self::idle_connections) |
/// | how often connections are used again | [`reuse_rate`](Self::reuse_rate) |
///
/// ```
/// use steadfast_pool::{Pool, Request};
/// use steadfast_testkit::{Reply, Script, Server};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let server = Server::start(Script::new().always(Reply::status(200))).await?;
/// let pool = Pool::new()?;
/// for _ in 0..2 {
///     pool.execute(Request::get(server.url())?).await?;
/// }
/// let metrics = pool.metrics();
/// assert_eq!((metrics.requests, metrics.succeeded, metrics.retries), (2, 2, 0));
/// assert_eq!(metrics.reuse_rate(), Some(0.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PoolMetrics {
    /// Calls, attempts, retries, waits, bytes and latency.
    pub calls: CallReport,
    /// Exchanges that a connection was made for, as far as the transport tells.
    pub exchanges_new: u64,
    /// Exchanges over a connection that had served others, as far as the transport tells.
    pub exchanges_reused: u64,
    /// Attempts that were started beside one that took too long: `attempts` are `requests`, `retries` and these, less what was
    /// refused before it was sent.
    pub hedges: u64,
    /// Hedges that answered first.
    pub hedges_won: u64,
    /// Calls that ended with what another caller's call brought.
    pub coalesced: u64,
    /// Calls that ended with what was kept, which the server had called right; `cache_hits` are those that it was not asked in.
    pub cache_revalidated: u64,
    /// Calls that ended with what was kept and no longer fresh.
    pub cache_stale: u64,
    /// From sending to the head of the answer, for each attempt that had one.
    pub first_byte: Latency,
    /// Resolving names, for each connection made.
    pub dns: Latency,
    /// Dialling, proxies included, for each connection made.
    pub dial: Latency,
    /// TLS handshakes, for each connection made.
    pub tls: Latency,
    /// The connections there are; `None` from a transport that cannot tell.
    pub connections: Option<Connections>,
}

impl PoolMetrics {
    /// Figures of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn read(snapshot: &Snapshot, host: Option<&str>, connections: Option<Connections>) -> Self {
        let labels = host.map(|host| (HOST, host));
        let count = |series| snapshot.counter(&key(series, host));
        let latency = |series| snapshot.histogram(&key(series, host)).map_or_else(Latency::new, Latency::of);
        Self {
            calls: CallReport::read(snapshot, METRICS, labels.as_slice()),
            exchanges_new: count(NEW),
            exchanges_reused: count(REUSED),
            hedges: count(HEDGES),
            coalesced: count(COALESCED),
            cache_revalidated: count(REVALIDATED),
            cache_stale: count(STALE),
            hedges_won: count(HEDGES_WON),
            first_byte: latency(FIRST_BYTE),
            dns: latency(DNS),
            dial: latency(DIAL),
            tls: latency(TLS),
            connections,
        }
    }

    /// Connections with an exchange now; `None` from a transport that cannot tell.
    #[must_use]
    pub fn active_connections(&self) -> Option<usize> {
        self.connections.map(|connections| connections.active)
    }

    /// Connections that are kept for the next exchange; `None` from a transport that cannot tell.
    #[must_use]
    pub fn idle_connections(&self) -> Option<usize> {
        self.connections.map(|connections| connections.idle)
    }

    /// The share of exchanges that went over a connection which had served others before, 0.0 ..= 1.0; `None` before the
    /// first, and from a transport that cannot tell.
    #[must_use]
    pub fn reuse_rate(&self) -> Option<f64> {
        let all = self.exchanges_new.saturating_add(self.exchanges_reused);
        (all > 0).then(|| self.exchanges_reused as f64 / all as f64)
    }
}

impl Deref for PoolMetrics {
    type Target = CallReport;

    fn deref(&self) -> &CallReport {
        &self.calls
    }
}

impl fmt::Display for PoolMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.calls.fmt(f)?;
        if let Some(rate) = self.reuse_rate() {
            write!(f, "\nconnections reused     {:.1} %", rate * 100.0)?;
        }
        if self.hedges > 0 {
            write!(f, "\nhedges                 {}, of which {} won", self.hedges, self.hedges_won)?;
        }
        if self.coalesced > 0 {
            write!(f, "\nanswers shared         {}", self.coalesced)?;
        }
        if let Some(connections) = &self.connections {
            write!(f, "\nconnections            {} active, {} idle", connections.active, connections.idle)?;
        }
        Ok(())
    }
}

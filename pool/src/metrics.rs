//! What the pool counted: handles on the hot path, and the figures read from a snapshot.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use steadfast_telemetry::{Counter, Histogram, Key, Recorder, Registry, Snapshot};

/// Figures of the pool or of one host.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Metrics {
    /// Calls that began.
    pub requests: u64,
    /// Calls that ended with an answer below 400.
    pub succeeded: u64,
    /// Calls that ended with another answer or an error.
    pub failed: u64,
    /// Calls whose caller went away before they ended.
    pub cancelled: u64,
    /// Times that something was sent.
    pub attempts: u64,
    /// Attempts beyond the first of their call.
    pub retries: u64,
    /// Retries by the status that caused them; network failures are not among them.
    pub retries_by_status: BTreeMap<u16, u64>,
    /// Waits that a server asked for.
    pub retry_after_waits: u64,
    /// The longest of them, in seconds.
    pub longest_retry_after_wait_s: f64,
    /// Attempts that the rate limit made wait.
    pub limit_waits: u64,
    /// Times that a breaker opened.
    pub breaker_openings: u64,
    /// Bytes of answers' bodies.
    pub bytes_in: u64,
    /// Bytes of requests' bodies.
    pub bytes_out: u64,
    /// The time of whole calls: all attempts and waits, up to the answer (of streams: to its head).
    pub latency_ms: Latency,
    /// The time of single attempts.
    pub attempt_latency_ms: Latency,
}

/// A latency distribution in milliseconds; everything is `None` when nothing was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Latency {
    /// The average.
    pub mean: Option<f64>,
    /// Half of the calls took at most this long.
    pub p50: Option<f64>,
    /// 95 % of the calls took at most this long.
    pub p95: Option<f64>,
    /// 99 % of the calls took at most this long.
    pub p99: Option<f64>,
}

/// The instruments of one series: the total, or one host.
#[derive(Debug)]
pub(crate) struct Meter {
    registry: Registry,
    host: Option<String>,
    pub(crate) requests: Counter,
    pub(crate) succeeded: Counter,
    pub(crate) failed: Counter,
    pub(crate) cancelled: Counter,
    pub(crate) attempts: Counter,
    pub(crate) retries: Counter,
    pub(crate) limit_waits: Counter,
    pub(crate) breaker_openings: Counter,
    pub(crate) bytes_in: Counter,
    pub(crate) bytes_out: Counter,
    pub(crate) latency: Histogram,
    pub(crate) attempt_latency: Histogram,
    pub(crate) hinted_waits: Histogram,
}

impl Meter {
    pub(crate) fn new(registry: &Registry, host: Option<&str>) -> Self {
        let counter = |name| registry.counter(&key(name, host));
        let histogram = |name| registry.histogram(&key(name, host));
        Self {
            requests: counter("pool_requests"),
            succeeded: counter("pool_requests_succeeded"),
            failed: counter("pool_requests_failed"),
            cancelled: counter("pool_requests_cancelled"),
            attempts: counter("pool_attempts"),
            retries: counter("pool_retries"),
            limit_waits: counter("pool_limit_waits"),
            breaker_openings: counter("pool_breaker_openings"),
            bytes_in: counter("pool_bytes_in"),
            bytes_out: counter("pool_bytes_out"),
            latency: histogram("pool_call_latency_ns"),
            attempt_latency: histogram("pool_attempt_latency_ns"),
            hinted_waits: histogram("pool_retry_after_wait_ns"),
            registry: registry.clone(),
            host: host.map(str::to_owned),
        }
    }

    /// A retry happens seldom enough to look its series up by name.
    pub(crate) fn retried(&self, status: Option<u16>) {
        self.retries.inc();
        if let Some(status) = status {
            let key = key(RETRIES_BY_STATUS, self.host.as_deref()).label(STATUS, status.to_string());
            self.registry.counter(&key).inc();
        }
    }
}

const RETRIES_BY_STATUS: &str = "pool_retries_by_status";
const STATUS: &str = "status";
const HOST: &str = "host";

fn key(name: &'static str, host: Option<&str>) -> Key {
    match host {
        Some(host) => Key::new(name).label(HOST, host.to_owned()),
        None => Key::new(name),
    }
}

impl Metrics {
    /// The figures of `host`, or the pool's total, in `snapshot`.
    #[must_use]
    pub fn read(snapshot: &Snapshot, host: Option<&str>) -> Self {
        let count = |name| snapshot.counter(&key(name, host));
        let hinted = snapshot.histogram(&key("pool_retry_after_wait_ns", host));
        Self {
            requests: count("pool_requests"),
            succeeded: count("pool_requests_succeeded"),
            failed: count("pool_requests_failed"),
            cancelled: count("pool_requests_cancelled"),
            attempts: count("pool_attempts"),
            retries: count("pool_retries"),
            retries_by_status: (100..600)
                .filter_map(|status: u16| {
                    let key = key(RETRIES_BY_STATUS, host).label(STATUS, status.to_string());
                    Some((status, snapshot.counter(&key))).filter(|&(_, count)| count > 0)
                })
                .collect(),
            retry_after_waits: hinted.map_or(0, |waits| waits.count()),
            longest_retry_after_wait_s: hinted
                .and_then(|waits| waits.max())
                .map_or(0.0, |nanos| Duration::from_nanos(nanos).as_secs_f64()),
            limit_waits: count("pool_limit_waits"),
            breaker_openings: count("pool_breaker_openings"),
            bytes_in: count("pool_bytes_in"),
            bytes_out: count("pool_bytes_out"),
            latency_ms: Latency::read(snapshot, &key("pool_call_latency_ns", host)),
            attempt_latency_ms: Latency::read(snapshot, &key("pool_attempt_latency_ns", host)),
        }
    }
}

impl Latency {
    fn read(snapshot: &Snapshot, key: &Key) -> Self {
        let Some(histogram) = snapshot.histogram(key) else { return Self::default() };
        let quantile = |q| histogram.quantile(q).map(|nanos| Duration::from_nanos(nanos).as_secs_f64() * 1e3);
        Self {
            mean: histogram.mean().map(|nanos| nanos / 1e6),
            p50: quantile(0.5),
            p95: quantile(0.95),
            p99: quantile(0.99),
        }
    }
}

//! What is counted: of all calls, of the calls to one host, and of those to all hosts without figures of their own.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use steadfast_telemetry::{Calls, Counter, Histogram, Key, Recorder, Registry};

use crate::transport::Connected;

/// What the names of the pool's series begin with.
pub(crate) const METRICS: &str = "pool";

/// The label of a host's series.
pub(crate) const HOST: &str = "host";

/// What the hosts without figures of their own are called together, as in a registry that has no room.
const OTHERS: &str = "other";

pub(crate) const REUSED: &str = "pool_exchanges_reused";
pub(crate) const NEW: &str = "pool_exchanges_new";
pub(crate) const FIRST_BYTE: &str = "pool_first_byte_ns";
pub(crate) const DNS: &str = "pool_dns_ns";
pub(crate) const DIAL: &str = "pool_dial_ns";
pub(crate) const TLS: &str = "pool_tls_ns";
pub(crate) const HEDGES: &str = "pool_hedges";
pub(crate) const HEDGES_WON: &str = "pool_hedges_won";
pub(crate) const COALESCED: &str = "pool_coalesced";
pub(crate) const REVALIDATED: &str = "pool_cache_revalidated";
pub(crate) const STALE: &str = "pool_cache_stale";

/// The instruments of one scope.
pub(crate) struct Figures {
    pub(crate) calls: Calls,
    /// From sending to the head of the answer.
    pub(crate) first_byte: Histogram,
    reused: Counter,
    new: Counter,
    /// Of connections made, which are few: each looked up when there is one.
    made: [OnceLock<Histogram>; 3],
    registry: Registry,
    host: Option<Arc<str>>,
}

impl Figures {
    fn total(registry: Registry) -> Self {
        Self::of(Calls::new(registry.clone(), METRICS), registry, None)
    }

    fn of(calls: Calls, registry: Registry, host: Option<Arc<str>>) -> Self {
        Self {
            calls,
            first_byte: registry.histogram(&key(FIRST_BYTE, host.as_deref())),
            reused: registry.counter(&key(REUSED, host.as_deref())),
            new: registry.counter(&key(NEW, host.as_deref())),
            made: [const { OnceLock::new() }; 3],
            registry,
            host,
        }
    }

    /// Counts what happens seldom: its series is looked up when it does.
    pub(crate) fn inc(&self, series: &'static str) {
        self.registry.counter(&key(series, self.host.as_deref())).inc();
    }

    /// Counts an exchange that was given its connection.
    pub(crate) fn connected(&self, connection: &Connected) {
        if connection.reused {
            return self.reused.inc();
        }
        self.new.inc();
        let times = [(DNS, connection.dns), (DIAL, connection.dial), (TLS, connection.tls)];
        for ((series, time), histogram) in times.into_iter().zip(&self.made) {
            if let Some(time) = time {
                let histogram = histogram.get_or_init(|| self.registry.histogram(&key(series, self.host.as_deref())));
                histogram.record_duration(time);
            }
        }
    }
}

/// The series of the total, or of one host.
pub(crate) fn key(series: &'static str, host: Option<&str>) -> Key {
    let key = Key::new(series);
    match host {
        Some(host) => key.label(HOST, host.to_owned()),
        None => key,
    }
}

/// The figures of a pool.
pub(crate) struct AllFigures {
    pub(crate) total: Arc<Figures>,
    others: OnceLock<Arc<Figures>>,
    /// The hosts with figures of their own: the first that came. A host that was forgotten has them again when it is back.
    own: Mutex<HashSet<Arc<str>>>,
    max: usize,
}

impl AllFigures {
    pub(super) fn new(registry: Registry, max: usize) -> Self {
        let total = Arc::new(Figures::total(registry));
        Self { total, others: OnceLock::new(), own: Mutex::default(), max }
    }

    /// The figures of a host: its own, or where it is not `remembered` or there are too many, those of the others.
    pub(super) fn host(&self, name: &Arc<str>, remembered: bool) -> Arc<Figures> {
        if remembered && self.admit(name) {
            return self.labelled(name);
        }
        Arc::clone(self.others.get_or_init(|| self.labelled(&Arc::from(OTHERS))))
    }

    fn admit(&self, name: &Arc<str>) -> bool {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.contains(name) || (own.len() < self.max && own.insert(Arc::clone(name)))
    }

    fn labelled(&self, name: &Arc<str>) -> Arc<Figures> {
        let total = &self.total;
        Arc::new(Figures::of(total.calls.host(name), total.registry.clone(), Some(Arc::clone(name))))
    }
}

//! The figures of calls, read from a snapshot.

mod latency;
mod text;

use std::collections::BTreeMap;

pub use latency::Latency;

use super::scope::key;
use super::series;
use crate::{Key, Snapshot, rate};

/// What [`Calls`](crate::Calls) counted in one scope, by any snapshot: that of now, of a window, or merged from many.
///
/// Shown, it is a text of aligned columns for people, in which percentages are rounded down and `-` stands for nothing.
/// With the feature `serde` it is data, its durations in nanoseconds.
///
/// ```
/// use steadfast_telemetry::{CallReport, Calls, Recorder, Registry};
///
/// let registry = Registry::new();
/// let calls = Calls::new(registry.clone(), "llm");
/// calls.cache_hit(1_500, 4_200);
/// calls.cache_hit(1_500, 4_200);
/// calls.cache_miss();
///
/// let report = CallReport::read(&registry.snapshot(), "llm", &[]);
/// assert_eq!(report.cache_hit_rate(), Some(2.0 / 3.0));
/// assert_eq!(report.success_rate(), None);
/// assert!(report.to_string().contains("2 of 3 (66 %)"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CallReport {
    /// Calls that began.
    pub requests: u64,
    /// Calls that ended as asked.
    pub succeeded: u64,
    /// Calls that ended otherwise.
    pub failed: u64,
    /// Calls whose caller left before they ended.
    pub cancelled: u64,
    /// Calls that had begun and not ended when the snapshot was taken.
    pub active: i64,
    /// Times that something was sent.
    pub attempts: u64,
    /// Attempts beyond a call's first at the same target.
    pub retries: u64,
    /// Retries by the status that caused them; failures of the network are not among them.
    pub retries_by_status: BTreeMap<u16, u64>,
    /// Calls by the status that they ended with.
    pub final_status: BTreeMap<u16, u64>,
    /// Times that a breaker opened.
    pub breaker_openings: u64,
    /// Times that a call turned to another provider or model.
    pub fallbacks: u64,
    /// Answers from a cache.
    pub cache_hits: u64,
    /// Looks into a cache that had no answer.
    pub cache_misses: u64,
    /// Tokens that answers from a cache saved.
    pub tokens_saved: u64,
    /// Money that answers from a cache saved, in millionths of the currency's unit.
    pub money_saved_micros: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Tokens that models read.
    pub tokens_in: u64,
    /// Tokens that models wrote.
    pub tokens_out: u64,
    /// The time of whole calls that ended: all attempts, waits and fallbacks.
    pub latency: Latency,
    /// The time of single attempts.
    pub attempt_latency: Latency,
    /// The waits before retries.
    pub retry_delay: Latency,
    /// The waits that a server asked for.
    pub hinted_wait: Latency,
    /// The waits that a rate limit asked for.
    pub limit_wait: Latency,
}

impl CallReport {
    /// A report of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The figures of the scope with exactly these labels; of the total when there are none.
    #[must_use]
    pub fn read(snapshot: &Snapshot, prefix: &str, labels: &[(&str, &str)]) -> Self {
        let key = |series| key(prefix, series, labels.iter().copied());
        let count = |series| snapshot.counter(&key(series));
        let latency = |series| snapshot.histogram(&key(series)).map_or_else(Latency::new, Latency::of);
        let sum = |series| snapshot.histogram(&key(series)).map_or(0, |histogram| histogram.sum());
        Self {
            requests: count(series::REQUESTS),
            succeeded: count(series::SUCCEEDED),
            failed: count(series::FAILED),
            cancelled: count(series::CANCELLED),
            active: snapshot.gauge(&key(series::ACTIVE)).unwrap_or(0),
            attempts: count(series::ATTEMPTS),
            retries: count(series::RETRIES),
            retries_by_status: by_status(snapshot, &key(series::RETRIES_BY_STATUS)),
            final_status: by_status(snapshot, &key(series::FINAL_STATUS)),
            breaker_openings: count(series::BREAKER_OPENINGS),
            fallbacks: count(series::FALLBACKS),
            cache_hits: count(series::CACHE_HITS),
            cache_misses: count(series::CACHE_MISSES),
            tokens_saved: count(series::TOKENS_SAVED),
            money_saved_micros: count(series::MONEY_SAVED),
            bytes_in: count(series::BYTES_IN),
            bytes_out: count(series::BYTES_OUT),
            tokens_in: sum(series::TOKENS_IN),
            tokens_out: sum(series::TOKENS_OUT),
            latency: latency(series::CALL_LATENCY),
            attempt_latency: latency(series::ATTEMPT_LATENCY),
            retry_delay: latency(series::RETRY_DELAY),
            hinted_wait: latency(series::HINTED_WAIT),
            limit_wait: latency(series::LIMIT_WAIT),
        }
    }

    /// A report for each host, by its name: the scopes whose one label is `host`.
    #[must_use]
    pub fn of_hosts(snapshot: &Snapshot, prefix: &str) -> BTreeMap<String, Self> {
        Self::of_each(snapshot, prefix, series::HOST)
    }

    /// A report for each model, by its name: the scopes whose one label is `model`.
    #[must_use]
    pub fn of_models(snapshot: &Snapshot, prefix: &str) -> BTreeMap<String, Self> {
        Self::of_each(snapshot, prefix, series::MODEL)
    }

    /// A report for each value of a label: the scopes that have this label and no other.
    #[must_use]
    pub fn of_each(snapshot: &Snapshot, prefix: &str, label: &str) -> BTreeMap<String, Self> {
        counters(snapshot, &key(prefix, series::REQUESTS, []))
            .filter(|(key, _)| key.labels().count() == 1)
            .filter_map(|(key, _)| key.value(label))
            .map(|value| (value.to_owned(), Self::read(snapshot, prefix, &[(label, value)])))
            .collect()
    }

    /// The share of calls that succeeded among those that ended, `0.0 ..= 1.0`; cancelled ones are neither. `None` when
    /// none ended.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        rate(self.succeeded, self.succeeded.saturating_add(self.failed))
    }

    /// The share of looks into a cache that had an answer, `0.0 ..= 1.0`. `None` when there were none.
    #[must_use]
    pub fn cache_hit_rate(&self) -> Option<f64> {
        rate(self.cache_hits, self.cache_hits.saturating_add(self.cache_misses))
    }
}

/// The counters of one name, as the scope's key and its status, that hold something.
fn by_status(snapshot: &Snapshot, scope: &Key) -> BTreeMap<u16, u64> {
    counters(snapshot, scope)
        .filter(|(_, n)| **n > 0)
        .filter(|(key, _)| key.labels().filter(|(name, _)| *name != series::STATUS).eq(scope.labels()))
        .filter_map(|(key, n)| Some((key.value(series::STATUS)?.parse().ok()?, *n)))
        .collect()
}

/// The counters that have the name of `key`, which stand together.
fn counters<'a>(snapshot: &'a Snapshot, key: &Key) -> impl Iterator<Item = (&'a Key, &'a u64)> {
    let name = key.name().to_owned();
    let first = Key::new(name.clone());
    snapshot.counters.range(first..).take_while(move |(key, _)| key.name() == name)
}

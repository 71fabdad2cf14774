//! The instruments of what happens seldom, each looked up when it first does.

use std::sync::OnceLock;

use super::scope::Scope;
use super::series;
use super::status::Statuses;
use crate::{Counter, Histogram};

pub(super) struct Rare {
    scope: Scope,
    retries_by_status: Statuses,
    final_status: Statuses,
    counters: [OnceLock<Counter>; COUNTERS.len()],
    histograms: [OnceLock<Histogram>; HISTOGRAMS.len()],
}

const COUNTERS: [&str; 6] = [
    series::BREAKER_OPENINGS,
    series::FALLBACKS,
    series::CACHE_HITS,
    series::CACHE_MISSES,
    series::TOKENS_SAVED,
    series::MONEY_SAVED,
];

const HISTOGRAMS: [&str; 5] =
    [series::RETRY_DELAY, series::LIMIT_WAIT, series::HINTED_WAIT, series::TOKENS_IN, series::TOKENS_OUT];

impl Rare {
    pub(super) fn new(scope: Scope) -> Self {
        Self {
            scope,
            retries_by_status: Statuses::new(series::RETRIES_BY_STATUS),
            final_status: Statuses::new(series::FINAL_STATUS),
            counters: [const { OnceLock::new() }; COUNTERS.len()],
            histograms: [const { OnceLock::new() }; HISTOGRAMS.len()],
        }
    }

    pub(super) fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(super) fn retried(&self, status: u16) {
        self.retries_by_status.count(status, &self.scope);
    }

    pub(super) fn ended(&self, status: u16) {
        self.final_status.count(status, &self.scope);
    }

    /// Adds to a counter; nothing is nothing, and makes no series.
    pub(super) fn add(&self, series: &'static str, n: u64) {
        let slot = COUNTERS.iter().position(|name| *name == series);
        if let Some(slot) = slot.filter(|_| n > 0) {
            self.counters[slot].get_or_init(|| self.scope.counter(series)).add(n);
        }
    }

    /// Records into a histogram.
    pub(super) fn record(&self, series: &'static str, value: u64) {
        if let Some(slot) = HISTOGRAMS.iter().position(|name| *name == series) {
            self.histograms[slot].get_or_init(|| self.scope.histogram(series)).record(value);
        }
    }
}

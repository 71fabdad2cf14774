//! What happens seldom in a call, one method for each.

use std::time::Duration;

use super::{Calls, series};

impl Calls {
    /// Counts a retry: how long it waits, and the status that caused it; none for a failure of the network.
    pub fn retried(&self, delay: Duration, cause: Option<u16>) {
        self.retries.inc();
        self.rare.record(series::RETRY_DELAY, nanos(delay));
        if let Some(status) = cause {
            self.rare.retried(status);
        }
    }

    /// Counts the status that a call ended with.
    pub fn ended(&self, status: u16) {
        self.rare.ended(status);
    }

    /// Counts a wait that a server asked for, as with `Retry-After`.
    pub fn hinted(&self, wait: Duration) {
        self.rare.record(series::HINTED_WAIT, nanos(wait));
    }

    /// Counts a wait that a rate limit asked for.
    pub fn limited(&self, wait: Duration) {
        self.rare.record(series::LIMIT_WAIT, nanos(wait));
    }

    /// Counts that a breaker opened.
    pub fn breaker_opened(&self) {
        self.rare.add(series::BREAKER_OPENINGS, 1);
    }

    /// Counts that a call turned to another provider or model.
    pub fn fell_back(&self) {
        self.rare.add(series::FALLBACKS, 1);
    }

    /// Counts an answer from a cache: the tokens and the money, in millionths of the currency's unit, that it saved.
    pub fn cache_hit(&self, tokens_saved: u64, micros_saved: u64) {
        self.rare.add(series::CACHE_HITS, 1);
        self.rare.add(series::TOKENS_SAVED, tokens_saved);
        self.rare.add(series::MONEY_SAVED, micros_saved);
    }

    /// Counts a look into a cache that had no answer.
    pub fn cache_miss(&self) {
        self.rare.add(series::CACHE_MISSES, 1);
    }

    /// Counts the tokens that a model read and wrote for one call.
    pub fn tokens(&self, input: u64, output: u64) {
        self.rare.record(series::TOKENS_IN, input);
        self.rare.record(series::TOKENS_OUT, output);
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

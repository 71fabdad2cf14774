//! What reading through was good for.

use std::sync::atomic::{AtomicU64, Ordering};

use super::How;
use crate::{Entry, Saving};

/// What happened since a [`ReadThrough`](crate::ReadThrough) was made. Sums never go backwards.
///
/// Each caller that was served is counted once in `hits`, `fetched` or `joined`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadThroughStats {
    /// Served from the cache, whatever it was.
    pub hits: u64,
    /// Hits on an entry that was stale.
    pub stale_hits: u64,
    /// Hits on a remembered refusal.
    pub negative_hits: u64,
    /// Served by a call of their own.
    pub fetched: u64,
    /// Served by the call of another that was under way.
    pub joined: u64,
    /// Calls that were made, refreshes included.
    pub flights: u64,
    /// Refreshes that were started.
    pub refreshes: u64,
    /// Refreshes that brought nothing, or nothing that the cache took.
    pub refresh_failures: u64,
    /// Failures of the cache, each of which was taken for a miss.
    pub cache_errors: u64,
    /// Tokens that were saved where the cache or another's call had the answer, as far as the entries told.
    pub tokens_saved: u64,
    /// Money that was saved in this way, in millionths of a unit of the caller's currency.
    pub micros_saved: u64,
}

/// The same, while it is counted.
#[derive(Debug, Default)]
pub(super) struct Counters {
    hits: AtomicU64,
    stale_hits: AtomicU64,
    negative_hits: AtomicU64,
    fetched: AtomicU64,
    joined: AtomicU64,
    pub(super) flights: AtomicU64,
    pub(super) refreshes: AtomicU64,
    pub(super) refresh_failures: AtomicU64,
    pub(super) cache_errors: AtomicU64,
    tokens: AtomicU64,
    micros: AtomicU64,
}

/// Counts one more.
pub(super) fn bump(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    /// Counts one who was served, [`How`] told before it is known to be [negative](How::Negative).
    pub(super) fn served(&self, how: How, entry: &Entry) {
        match how {
            How::Hit | How::Stale | How::Negative => {
                bump(&self.hits);
                if how == How::Stale {
                    bump(&self.stale_hits);
                }
                if entry.is_negative() {
                    bump(&self.negative_hits);
                }
            }
            How::Fetched => return bump(&self.fetched),
            How::Joined => bump(&self.joined),
        }
        let Saving { tokens, micros } = entry.saving();
        add(&self.tokens, tokens);
        add(&self.micros, micros);
    }

    pub(super) fn read(&self) -> ReadThroughStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ReadThroughStats {
            hits: read(&self.hits),
            stale_hits: read(&self.stale_hits),
            negative_hits: read(&self.negative_hits),
            fetched: read(&self.fetched),
            joined: read(&self.joined),
            flights: read(&self.flights),
            refreshes: read(&self.refreshes),
            refresh_failures: read(&self.refresh_failures),
            cache_errors: read(&self.cache_errors),
            tokens_saved: read(&self.tokens),
            micros_saved: read(&self.micros),
        }
    }
}

/// Adds to a sum that stays at `u64::MAX`.
fn add(sum: &AtomicU64, more: u64) {
    if more > 0 {
        let _ = sum.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |sum| Some(sum.saturating_add(more)));
    }
}

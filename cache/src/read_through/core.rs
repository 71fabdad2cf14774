//! What callers, flights and refreshes share: the cache with its failures told, and the call with its answer kept.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use steadfast_clock::{Clock, Wall};

use super::refreshes::Refreshes;
use super::stats::{Counters, bump};
use super::{Fetched, ReadThroughBuilder};
use crate::{Cache, CacheError, CacheKey, Entry, Freshness, Lifetime, SingleFlight};

/// A clock with a calendar.
pub(super) trait Time: Clock + Wall + Send + Sync {}
impl<T: Clock + Wall + Send + Sync> Time for T {}

pub(super) struct Core<T, E> {
    pub(super) time: Arc<dyn Time>,
    pub(super) counters: Counters,
    pub(super) flights: SingleFlight<CacheKey, Arrival, E>,
    refreshes: Mutex<Refreshes>,
    refusals: Lifetime,
    on_cache_error: Arc<dyn Fn(&CacheError) + Send + Sync>,
    /// How many flights have put what they brought into the cache.
    landed: AtomicU64,
    pub(super) cache: T,
}

/// What a flight brings to its followers.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) entry: Entry,
    /// Whether it was in the cache after all.
    pub(super) found: bool,
    /// Whether the cache is now as it should be.
    pub(super) settled: bool,
}

/// What the cache said before a flight was joined.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// How many flights had landed before it was asked.
    pub(super) landed: u64,
    /// Whether it held a stale answer.
    pub(super) stale: bool,
}

impl<T: Cache, E> Core<T, E>
where
    E: Send + Sync + 'static,
{
    pub(super) fn new(builder: ReadThroughBuilder<T, E>) -> Self {
        Self {
            time: builder.time,
            counters: Counters::default(),
            flights: SingleFlight::new(),
            refreshes: Mutex::new(Refreshes::new(builder.max_refreshes, builder.refresh_pause)),
            refusals: builder.refusals,
            on_cache_error: builder.on_cache_error,
            landed: AtomicU64::new(0),
            cache: builder.cache,
        }
    }

    pub(super) fn refreshes(&self) -> MutexGuard<'_, Refreshes> {
        self.refreshes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn landed(&self) -> u64 {
        self.landed.load(Ordering::Acquire)
    }

    /// What the cache holds and may be served, whether it is fresh, and how old it is. A failure is a miss.
    pub(super) async fn look(&self, key: &CacheKey) -> Option<(Entry, Freshness, Duration)> {
        let entry = self.told(self.cache.get(key).await).flatten()?;
        let now = self.time.wall();
        match entry.freshness(now) {
            Freshness::Expired => None,
            freshness => {
                let age = entry.age(now);
                Some((entry, freshness, age))
            }
        }
    }

    /// One flight: makes the call and keeps what it brings, unless another flight just did.
    pub(super) async fn fly<F, Fut>(&self, key: CacheKey, look: Look, fetch: F) -> Result<Arrival, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Fetched, E>>,
    {
        if self.landed() != look.landed {
            if let Some((entry, Freshness::Fresh, _)) = self.look(&key).await {
                return Ok(Arrival { entry, found: true, settled: true });
            }
        }
        bump(&self.counters.flights);
        let arrival = match fetch().await? {
            Fetched::Keep(entry) => self.keep(key, entry).await,
            Fetched::Refused(entry) => self.keep(key, self.refusal(entry)).await,
            Fetched::DoNotKeep(entry) => {
                let settled = !look.stale || self.told(self.cache.remove(&key).await).is_some();
                Arrival { entry, found: false, settled }
            }
        };
        // Before the flight lands: who comes too late for it and asked the cache too early asks again.
        self.landed.fetch_add(1, Ordering::Release);
        Ok(arrival)
    }

    async fn keep(&self, key: CacheKey, entry: Entry) -> Arrival {
        let settled = self.told(self.cache.put(key, entry.clone()).await).is_some();
        Arrival { entry, found: false, settled }
    }

    fn refusal(&self, entry: Entry) -> Entry {
        let entry = if entry.is_negative() { entry } else { entry.negative() };
        if entry.lifetime().is_some() { entry } else { entry.with_lifetime(self.refusals) }
    }

    fn told<R>(&self, result: Result<R, CacheError>) -> Option<R> {
        result
            .inspect_err(|error| {
                bump(&self.counters.cache_errors);
                (self.on_cache_error)(error);
            })
            .ok()
    }
}

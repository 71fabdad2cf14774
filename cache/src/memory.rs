//! The tier inside a process: a shared handle on the store.

mod books;
mod builder;
mod due;
mod expiry;
mod gone;
mod hasher;
mod held;
mod scale;
mod shared;
mod threads;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use steadfast_clock::{Clock, System, Wall};

use crate::{Cache, CacheError, CacheKey, ConfigError, Entry, Stats};
use shared::Shared;

pub use builder::MemoryCacheBuilder;

/// A cache inside the process; clones share it. It is bounded in bytes, in entries or in both, and entries may have a
/// lifetime: of the store, of their own, or until nobody asks for them any more.
///
/// # What is let go
///
/// The store is [`quick_cache`](https://docs.rs/quick_cache), which evicts by a variant of Clock-PRO (Jiang, Chen,
/// Zhang: "CLOCK-Pro", USENIX 2005) close to S3-FIFO (Yang et al., SOSP 2023): an entry that is asked for again stays,
/// one that passes through once makes room, so that a scan does not wash out what is in use. Nothing is evicted before a
/// bound is met: as long as everything fits, every answer is kept. A newcomer is admitted, but one that was evicted not
/// long ago and comes back while all the others were asked for since may be the one that makes room; `put` tells so.
///
/// It was taken over moka because hits and inserts take a fraction of the time, the rate of hits on a skewed load with
/// scans is higher, and its bounds hold at every moment instead of after a later round of maintenance; the figures are
/// in the README.
///
/// # Time
///
/// Lifetimes are judged when an entry is asked for, by the cache's own clock, to the nanosecond. What has expired frees
/// its room without being asked for: each `put` lets go of up to 16 such entries, [`settle`](Self::settle) of all. A
/// cache whose entries have no lifetime of any kind never reads the clock.
///
/// ```
/// use std::time::Duration;
/// use steadfast_cache::{CacheKey, Entry, Lifetime, MemoryCache};
/// use steadfast_clock::{ManualClock, Wall};
///
/// let clock = ManualClock::new();
/// let cache = MemoryCache::builder().max_bytes(1 << 20).clock(clock.clone()).build()?;
/// let key = CacheKey::from_bytes([7; 32]);
/// let hour = Lifetime::fresh_for(Duration::from_secs(3600));
/// assert!(cache.put(key, Entry::new("an answer", clock.wall()).with_lifetime(hour)));
/// assert!(cache.get(&key).is_some());
///
/// clock.advance(Duration::from_secs(3600));
/// assert!(cache.get(&key).is_none());
/// # Ok::<(), steadfast_cache::ConfigError>(())
/// ```
pub struct MemoryCache<C = System> {
    shared: Arc<Shared<C>>,
}

impl MemoryCache {
    /// What the key and the bookkeeping of one entry count against a byte bound, besides [`Entry::size`]: 480 bytes.
    ///
    /// That is the most that was measured, right after the table has grown and with a lifetime; elsewhere it is from 260.
    pub const OVERHEAD: u64 = scale::OVERHEAD;

    /// A cache of at most `capacity` entries, however large they are, without a lifetime of its own.
    ///
    /// # Errors
    ///
    /// [`ConfigError::ZeroCapacity`].
    pub fn new(capacity: usize) -> Result<Self, ConfigError> {
        Self::builder().capacity(capacity).build()
    }

    /// Begins a configuration.
    pub const fn builder() -> MemoryCacheBuilder {
        MemoryCacheBuilder::new()
    }
}

impl<C: Clock + Wall> MemoryCache<C> {
    /// The entry under `key`; `None` when there is none or it has expired. It may be stale: see [`Entry::freshness`].
    #[expect(clippy::must_use_candidate, reason = "a look-up is also a use")]
    #[inline]
    pub fn get(&self, key: &CacheKey) -> Option<Entry> {
        self.shared.get(key)
    }

    /// Keeps `entry` under `key` in place of what was there; its lifetime in the store begins now.
    ///
    /// Tells whether it was kept. It is not when it alone takes more than 31/32 of the bounds, when its own lifetime is
    /// over, and now and then when the cache is full of what is asked for more; what was there under its key is gone all
    /// the same, because it is out of date.
    #[expect(clippy::must_use_candidate, reason = "an entry that was not kept will only be missed")]
    pub fn put(&self, key: CacheKey, entry: Entry) -> bool {
        self.shared.put(key, entry)
    }

    /// Lets go of what is under `key` and returns it, unless it has expired.
    #[expect(clippy::must_use_candidate, reason = "letting go is the point, the entry a courtesy")]
    pub fn remove(&self, key: &CacheKey) -> Option<Entry> {
        self.shared.remove(key)
    }

    /// Lets go of everything that was there before the call.
    pub fn clear(&self) {
        self.shared.clear();
    }

    /// Lets go of everything that has expired.
    pub fn settle(&self) {
        self.shared.settle();
    }
}

impl<C> MemoryCache<C> {
    /// How many entries there are. Expired ones count until they are let go.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.len()
    }

    /// Whether there is no entry. Expired ones count until they are let go.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the entries weigh: their [`Entry::size`] and [`OVERHEAD`](MemoryCache::OVERHEAD) each, or what the weigher
    /// said. Expired ones count until they are let go, and one that is being put may count before it is found.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.shared.bytes()
    }

    /// What happened so far. While others use the cache the numbers are of slightly different moments.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }
}

#[async_trait]
impl<C: Clock + Wall + Send + Sync> Cache for MemoryCache<C> {
    async fn get(&self, key: &CacheKey) -> Result<Option<Entry>, CacheError> {
        Ok(Self::get(self, key))
    }

    async fn put(&self, key: CacheKey, entry: Entry) -> Result<bool, CacheError> {
        Ok(Self::put(self, key, entry))
    }

    async fn remove(&self, key: &CacheKey) -> Result<bool, CacheError> {
        Ok(Self::remove(self, key).is_some())
    }
}

impl<C> Clone for MemoryCache<C> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<C> fmt::Debug for MemoryCache<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCache")
            .field("len", &self.len())
            .field("bytes", &self.bytes())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

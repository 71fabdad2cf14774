//! How the tier inside a process is configured.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::System;

use super::MemoryCache;
use super::shared::{Rules, Shared, Weigher};
use crate::{CacheKey, ConfigError, Entry};

/// The bounds of a [`MemoryCache`]: 64 MiB unless told otherwise, and no lifetime. Made by [`MemoryCache::builder`].
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct MemoryCacheBuilder<C = System> {
    capacity: Option<usize>,
    max_bytes: Option<u64>,
    shards: usize,
    rules: Rules,
    weigher: Option<Arc<Weigher>>,
    clock: C,
}

const MAX_BYTES: u64 = 64 * 1024 * 1024;

impl MemoryCacheBuilder {
    pub(super) const fn new() -> Self {
        let rules = Rules { ttl: None, idle: None };
        Self { capacity: None, max_bytes: None, shards: 1, rules, weigher: None, clock: System::new() }
    }
}

impl<C> MemoryCacheBuilder<C> {
    /// At most this many entries, at least 1.
    pub fn capacity(mut self, entries: usize) -> Self {
        self.capacity = Some(entries);
        self
    }

    /// At most this many bytes, at least 1. Counted are [`Entry::size`] and [`MemoryCache::OVERHEAD`] for each entry,
    /// unless there is a [`weigher`](Self::weigher). One entry may take 31/32 of them.
    ///
    /// With a bound in entries as well, an entry counts as the larger of its two shares: of 1,000 entries and 1 MB, one
    /// of 2 kB takes the room of two. Both bounds hold, and the cache may be full before it has met either.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Entries count against [`max_bytes`](Self::max_bytes) as `weigh` says, once, when they are put.
    pub fn weigher(mut self, weigh: impl Fn(&CacheKey, &Entry) -> u64 + Send + Sync + 'static) -> Self {
        self.weigher = Some(Arc::new(weigh));
        self
    }

    /// Entries live this long after they were put, longer than zero. Asking for an entry does not prolong its life; its
    /// own [`Lifetime`](crate::Lifetime) may shorten it.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.rules.ttl = Some(ttl);
        self
    }

    /// Entries that nobody asked for in this time are let go, longer than zero.
    pub fn idle(mut self, idle: Duration) -> Self {
        self.rules.idle = Some(idle);
        self
    }

    /// So many locks, 1 to 1024, rounded up to a power of two; 1 unless told otherwise.
    ///
    /// Each has its share of the bounds: the whole is never more than they allow, but a share may be full while others
    /// have room, and one entry may take 31/32 of a share. Worth it where many threads hit at once. Shares of fewer
    /// than 32 entries are joined.
    pub fn shards(mut self, shards: usize) -> Self {
        self.shards = shards;
        self
    }

    /// Lifetimes are measured by this clock in place of the system's. Its calendar tells how old an entry with a
    /// lifetime of its own is when it is put.
    pub fn clock<D>(self, clock: D) -> MemoryCacheBuilder<D> {
        let Self { capacity, max_bytes, shards, rules, weigher, clock: _ } = self;
        MemoryCacheBuilder { capacity, max_bytes, shards, rules, weigher, clock }
    }

    /// The cache, empty.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when one of them is zero, or there are too many shards.
    pub fn build(self) -> Result<MemoryCache<C>, ConfigError> {
        if self.capacity == Some(0) {
            return Err(ConfigError::ZeroCapacity);
        }
        if self.max_bytes == Some(0) {
            return Err(ConfigError::ZeroBytes);
        }
        if self.rules.ttl.is_some_and(|ttl| ttl.is_zero()) {
            return Err(ConfigError::ZeroTtl);
        }
        if self.rules.idle.is_some_and(|idle| idle.is_zero()) {
            return Err(ConfigError::ZeroIdle);
        }
        let unbounded = self.capacity.is_none() && self.max_bytes.is_none();
        let max_bytes = if unbounded { Some(MAX_BYTES) } else { self.max_bytes };
        let shared = Shared::new(self.capacity, max_bytes, self.shards, self.rules, self.weigher, self.clock)?;
        Ok(MemoryCache { shared: Arc::new(shared) })
    }
}

impl<C: fmt::Debug> fmt::Debug for MemoryCacheBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCacheBuilder")
            .field("capacity", &self.capacity)
            .field("max_bytes", &self.max_bytes)
            .field("shards", &self.shards)
            .field("ttl", &self.rules.ttl)
            .field("idle", &self.rules.idle)
            .field("weigher", &self.weigher.is_some())
            .field("clock", &self.clock)
            .finish()
    }
}

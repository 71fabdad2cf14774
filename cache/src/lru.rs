//! The tier inside a process: a shared handle on the exact LRU.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use steadfast_clock::{Clock, Nanos, System};

use crate::table::{Bounds, Table};
use crate::{Cache, CacheError, CacheKey, ConfigError, Entry, LruBuilder, Stats};

/// A cache inside the process that lets go of the least recently used entry when it is full; clones share it.
///
/// It is bounded in entries and in bytes, and entries may have a lifetime. All operations take constant time, but for
/// the entries that one of them lets go.
///
/// ```
/// use steadfast_cache::{CacheKey, Entry, Lru};
/// use steadfast_clock::UnixNanos;
///
/// let cache = Lru::new(2)?;
/// let [a, b, c] = [[1; 32], [2; 32], [3; 32]].map(CacheKey::from_bytes);
/// let entry = Entry::new("an answer", UnixNanos::EPOCH);
/// cache.put(a, entry.clone());
/// cache.put(b, entry.clone());
/// cache.get(&a);
/// cache.put(c, entry);
/// assert!(cache.get(&a).is_some() && cache.get(&b).is_none());
/// # Ok::<(), steadfast_cache::ConfigError>(())
/// ```
pub struct Lru<C = System> {
    shared: Arc<Shared<C>>,
}

struct Shared<C> {
    table: Mutex<Table>,
    clock: C,
}

impl Lru {
    /// A cache of at most `capacity` entries and 64 MiB, without a lifetime.
    ///
    /// # Errors
    ///
    /// [`ConfigError::ZeroCapacity`].
    pub fn new(capacity: usize) -> Result<Self, ConfigError> {
        Self::builder().capacity(capacity).build()
    }

    /// Begins a configuration.
    pub const fn builder() -> LruBuilder {
        LruBuilder::new()
    }
}

impl<C> Lru<C> {
    pub(crate) fn over(bounds: Bounds, clock: C) -> Self {
        Self { shared: Arc::new(Shared { table: Mutex::new(Table::new(bounds)), clock }) }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.shared.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Clock> Lru<C> {
    /// The entry under `key`, which is now the most recently used; `None` when there is none or it has expired.
    #[expect(clippy::must_use_candidate, reason = "a look-up is also a use")]
    pub fn get(&self, key: &CacheKey) -> Option<Entry> {
        self.with(|table, now, gone| table.get(key, now, gone))
    }

    /// Keeps `entry` under `key` as the most recently used, in place of what was there; its lifetime begins now.
    ///
    /// Tells whether it was kept: an entry that alone exceeds the byte bound is not, and nothing is evicted for it, but
    /// what was there under its key is gone all the same, because it is out of date.
    pub fn put(&self, key: CacheKey, entry: Entry) -> bool {
        self.with(|table, now, gone| table.put(key, entry, now, gone))
    }

    /// Lets go of what is under `key` and returns it.
    #[expect(clippy::must_use_candidate, reason = "letting go is the point, the entry a courtesy")]
    pub fn remove(&self, key: &CacheKey) -> Option<Entry> {
        self.with(|table, now, gone| table.remove(key, now, gone))
    }

    /// How many entries there are, expired ones not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.current(Table::len)
    }

    /// Whether there is no entry, expired ones not counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes the entries have, as [`Entry::size`] counts them, expired ones not counted.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.current(Table::bytes)
    }

    /// What happened so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.current(Table::stats)
    }

    /// A fact about the table once it has let go of what has expired.
    fn current<T>(&self, fact: impl FnOnce(&Table) -> T) -> T {
        self.with(|table, now, gone| {
            table.expire(now, gone);
            fact(table)
        })
    }

    /// Runs one operation. What it lets go is dropped after the lock: a body may be large, or run code of its owner.
    fn with<T>(&self, operation: impl FnOnce(&mut Table, Nanos, &mut Vec<Entry>) -> T) -> T {
        let now = self.shared.clock.now();
        let mut gone = Vec::new();
        let mut table = self.lock();
        let told = operation(&mut table, now, &mut gone);
        drop(table);
        told
    }
}

#[async_trait]
impl<C: Clock + Send + Sync> Cache for Lru<C> {
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

impl<C> Clone for Lru<C> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<C> fmt::Debug for Lru<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.lock();
        f.debug_struct("Lru")
            .field("len", &table.len())
            .field("bytes", &table.bytes())
            .field("stats", &table.stats())
            .finish_non_exhaustive()
    }
}

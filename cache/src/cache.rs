//! The crate's stable trait: a cache that may be elsewhere.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{CacheError, CacheKey, Entry};

/// A cache of responses, in this process or behind a network.
///
/// It is asynchronous because of caches that are elsewhere. Inside a process take [`MemoryCache`](crate::MemoryCache),
/// whose own methods need no `await`.
///
/// # Cancel safety
///
/// Dropping a future of `put` or `remove` before it has completed leaves open whether it took effect, and nothing else:
/// an entry is there whole or not at all.
#[async_trait]
pub trait Cache: Send + Sync {
    /// The entry under `key`, if there is one that has not expired. It may be stale: ask [`Entry::freshness`].
    ///
    /// # Errors
    ///
    /// [`CacheError`] when the store could not tell.
    async fn get(&self, key: &CacheKey) -> Result<Option<Entry>, CacheError>;

    /// Keeps `entry` under `key` in place of what was there; tells whether it was kept. An entry that alone is larger
    /// than the store allows is not, and what was there is gone all the same, because it is out of date.
    ///
    /// # Errors
    ///
    /// [`CacheError`] when the store was not reached.
    async fn put(&self, key: CacheKey, entry: Entry) -> Result<bool, CacheError>;

    /// Lets go of what is under `key`; tells whether there was something.
    ///
    /// # Errors
    ///
    /// [`CacheError`] when the store was not reached.
    async fn remove(&self, key: &CacheKey) -> Result<bool, CacheError>;
}

/// The same cache through a shared handle.
#[async_trait]
impl<T: Cache + ?Sized> Cache for Arc<T> {
    async fn get(&self, key: &CacheKey) -> Result<Option<Entry>, CacheError> {
        (**self).get(key).await
    }

    async fn put(&self, key: CacheKey, entry: Entry) -> Result<bool, CacheError> {
        (**self).put(key, entry).await
    }

    async fn remove(&self, key: &CacheKey) -> Result<bool, CacheError> {
        (**self).remove(key).await
    }
}

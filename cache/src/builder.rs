//! How an LRU is configured.

use std::time::Duration;

use steadfast_clock::System;

use crate::table::Bounds;
use crate::{ConfigError, Lru};

/// The bounds of an [`Lru`]: 10,000 entries and 64 MiB unless told otherwise, and no lifetime. Made by [`Lru::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct LruBuilder<C = System> {
    bounds: Bounds,
    clock: C,
}

const CAPACITY: usize = 10_000;
const MAX_BYTES: u64 = 64 * 1024 * 1024;

impl LruBuilder {
    pub(crate) const fn new() -> Self {
        Self { bounds: Bounds { capacity: CAPACITY, max_bytes: MAX_BYTES, ttl: None }, clock: System::new() }
    }
}

impl<C> LruBuilder<C> {
    /// At most this many entries, at least 1.
    pub fn capacity(mut self, entries: usize) -> Self {
        self.bounds.capacity = entries;
        self
    }

    /// At most this many bytes, at least 1, counted as [`Entry::size`](crate::Entry::size) does: without keys and
    /// bookkeeping, which take some 200 to 400 bytes an entry.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.bounds.max_bytes = bytes;
        self
    }

    /// Entries live this long after they were put, longer than zero. Reading an entry does not prolong its life.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.bounds.ttl = Some(ttl);
        self
    }

    /// Lifetimes are measured by this clock in place of the system's.
    pub fn clock<D>(self, clock: D) -> LruBuilder<D> {
        LruBuilder { bounds: self.bounds, clock }
    }

    /// The cache, empty.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when one of the bounds is zero.
    pub fn build(self) -> Result<Lru<C>, ConfigError> {
        if self.bounds.capacity == 0 {
            return Err(ConfigError::ZeroCapacity);
        }
        if self.bounds.max_bytes == 0 {
            return Err(ConfigError::ZeroBytes);
        }
        if self.bounds.ttl.is_some_and(|ttl| ttl.is_zero()) {
            return Err(ConfigError::ZeroTtl);
        }
        Ok(Lru::over(self.bounds, self.clock))
    }
}

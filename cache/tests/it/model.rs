//! The reference: an LRU as a list, the least recently used entry first. Slow and plainly right.

use std::time::Duration;

use steadfast_cache::{CacheKey, Entry, Stats};

pub(crate) struct Model {
    pub(crate) capacity: usize,
    pub(crate) max_bytes: u64,
    pub(crate) ttl: Option<Duration>,
    pub(crate) held: Vec<Held>,
    pub(crate) stats: Stats,
}

#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) key: CacheKey,
    pub(crate) entry: Entry,
    /// Time since the start of the test.
    pub(crate) stored: Duration,
}

impl Model {
    pub(crate) fn new(capacity: usize, max_bytes: u64, ttl: Option<Duration>) -> Self {
        Self { capacity, max_bytes, ttl, held: Vec::new(), stats: Stats::new() }
    }

    pub(crate) fn expire(&mut self, now: Duration) {
        let before = self.held.len();
        let ttl = self.ttl;
        self.held.retain(|held| ttl.is_none_or(|ttl| now - held.stored < ttl));
        self.stats.expirations += (before - self.held.len()) as u64;
    }

    pub(crate) fn get(&mut self, key: &CacheKey, now: Duration) -> Option<Entry> {
        self.expire(now);
        let Some(at) = self.held.iter().position(|held| held.key == *key) else {
            self.stats.misses += 1;
            return None;
        };
        self.stats.hits += 1;
        let held = self.held.remove(at);
        self.held.push(held.clone());
        Some(held.entry)
    }

    pub(crate) fn put(&mut self, key: CacheKey, entry: Entry, now: Duration) -> bool {
        self.remove(&key, now);
        if entry.size() > self.max_bytes {
            return false;
        }
        self.held.push(Held { key, entry, stored: now });
        while self.held.len() > self.capacity || self.bytes() > self.max_bytes {
            self.held.remove(0);
            self.stats.evictions += 1;
        }
        self.stats.insertions += 1;
        true
    }

    pub(crate) fn remove(&mut self, key: &CacheKey, now: Duration) -> Option<Entry> {
        self.expire(now);
        let at = self.held.iter().position(|held| held.key == *key)?;
        Some(self.held.remove(at).entry)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.held.iter().map(|held| held.entry.size()).sum()
    }
}

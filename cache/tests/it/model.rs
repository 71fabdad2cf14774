//! The reference: a map without bounds that looks at every entry before every operation. Slow and plainly right.

use std::collections::BTreeMap;
use std::time::Duration;

use steadfast_cache::{CacheKey, Entry, MemoryCache, Stats};
use steadfast_clock::UnixNanos;

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) ttl: Option<Duration>,
    pub(crate) idle: Option<Duration>,
    pub(crate) held: BTreeMap<CacheKey, Held>,
    pub(crate) stats: Stats,
}

pub(crate) struct Held {
    entry: Entry,
    /// Times since the start of the test.
    stored: Duration,
    used: Duration,
    /// How old it was when it was put.
    age: Duration,
}

impl Model {
    pub(crate) fn expire(&mut self, now: Duration) {
        let before = self.held.len();
        let (ttl, idle) = (self.ttl, self.idle);
        self.held.retain(|_, held| {
            ttl.is_none_or(|ttl| now - held.stored < ttl)
                && idle.is_none_or(|idle| now - held.used < idle)
                && held.entry.lifetime().is_none_or(|life| held.age + (now - held.stored) < life.total())
        });
        self.stats.expirations += (before - self.held.len()) as u64;
    }

    pub(crate) fn get(&mut self, key: &CacheKey, now: Duration) -> Option<Entry> {
        self.expire(now);
        let Some(held) = self.held.get_mut(key) else {
            self.stats.misses += 1;
            return None;
        };
        held.used = now;
        let age = held.age + (now - held.stored);
        self.stats.hits += 1;
        self.stats.stale_hits += u64::from(held.entry.lifetime().is_some_and(|life| age >= life.fresh));
        self.stats.negative_hits += u64::from(held.entry.is_negative());
        self.stats.tokens_saved += held.entry.saving().tokens;
        self.stats.micros_saved += held.entry.saving().micros;
        Some(held.entry.clone())
    }

    pub(crate) fn put(&mut self, key: CacheKey, entry: Entry, now: Duration, wall: UnixNanos) -> bool {
        self.remove(&key, now);
        let age = entry.age(wall);
        if entry.lifetime().is_some_and(|life| age >= life.total()) {
            return false;
        }
        self.held.insert(key, Held { entry, stored: now, used: now, age });
        self.stats.insertions += 1;
        true
    }

    pub(crate) fn remove(&mut self, key: &CacheKey, now: Duration) -> Option<Entry> {
        self.expire(now);
        self.held.remove(key).map(|held| held.entry)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.held.values().map(|held| held.entry.size() + MemoryCache::OVERHEAD).sum()
    }
}

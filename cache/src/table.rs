//! The exact LRU as a pure machine: no lock, no clock, `now` is an argument.

use std::collections::HashMap;
use std::time::Duration;

use steadfast_clock::Nanos;

use crate::order::Order;
use crate::{CacheKey, Entry, Stats};

/// What bounds a table; none of them is zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) capacity: usize,
    pub(crate) max_bytes: u64,
    pub(crate) ttl: Option<Duration>,
}

/// Entries under their keys, in two orders: by last use, which decides who is evicted, and by age, which decides who
/// expires. One lifetime for all makes the second order the order of insertion.
///
/// Every operation first lets go of what has expired, so that an expired entry is never seen, never counted and never
/// the reason for an eviction. Entries that are let go are handed out through `gone`, for the caller to drop without
/// its lock.
pub(crate) struct Table {
    bounds: Bounds,
    slots: Vec<Option<Slot>>,
    vacant: Vec<usize>,
    by_key: HashMap<CacheKey, usize>,
    by_use: Order,
    by_age: Order,
    bytes: u64,
    /// The latest time seen: threads may bring theirs in late.
    now: Nanos,
    stats: Stats,
}

struct Slot {
    key: CacheKey,
    entry: Entry,
    size: u64,
    stored: Nanos,
}

impl Table {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            slots: Vec::new(),
            vacant: Vec::new(),
            by_key: HashMap::new(),
            by_use: Order::new(),
            by_age: Order::new(),
            bytes: 0,
            now: Nanos::ZERO,
            stats: Stats::new(),
        }
    }

    /// Lets go of every entry that is as old as the lifetime, or older.
    pub(crate) fn expire(&mut self, now: Nanos, gone: &mut Vec<Entry>) {
        self.now = self.now.max(now);
        let Some(ttl) = self.bounds.ttl else { return };
        while let Some(slot) = self.by_age.front() {
            let old = self.slots[slot].as_ref().is_some_and(|held| self.now.since(held.stored) >= ttl);
            if !old {
                return;
            }
            self.stats.expirations += 1;
            gone.extend(self.take(slot));
        }
    }

    pub(crate) fn get(&mut self, key: &CacheKey, now: Nanos, gone: &mut Vec<Entry>) -> Option<Entry> {
        self.expire(now, gone);
        let Some(&slot) = self.by_key.get(key) else {
            self.stats.misses += 1;
            return None;
        };
        self.stats.hits += 1;
        self.by_use.remove(slot);
        self.by_use.push_back(slot);
        self.slots[slot].as_ref().map(|held| held.entry.clone())
    }

    /// Whether the entry was kept.
    pub(crate) fn put(&mut self, key: CacheKey, entry: Entry, now: Nanos, gone: &mut Vec<Entry>) -> bool {
        // What was there is out of date, even where the new entry finds no room.
        let outdated = self.remove(&key, now, gone);
        gone.extend(outdated);
        let size = entry.size();
        if size > self.bounds.max_bytes {
            gone.push(entry);
            return false;
        }
        while self.by_key.len() >= self.bounds.capacity || self.bytes > self.bounds.max_bytes - size {
            let Some(slot) = self.by_use.front() else { break };
            self.stats.evictions += 1;
            gone.extend(self.take(slot));
        }
        let held = Some(Slot { key, entry, size, stored: self.now });
        let slot = match self.vacant.pop() {
            Some(slot) => {
                self.slots[slot] = held;
                slot
            }
            None => {
                self.slots.push(held);
                self.slots.len() - 1
            }
        };
        self.by_key.insert(key, slot);
        self.by_use.push_back(slot);
        self.by_age.push_back(slot);
        self.bytes += size;
        self.stats.insertions += 1;
        true
    }

    pub(crate) fn remove(&mut self, key: &CacheKey, now: Nanos, gone: &mut Vec<Entry>) -> Option<Entry> {
        self.expire(now, gone);
        let slot = *self.by_key.get(key)?;
        self.take(slot)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) const fn stats(&self) -> Stats {
        self.stats
    }

    /// Empties a slot that is held.
    fn take(&mut self, slot: usize) -> Option<Entry> {
        let held = self.slots[slot].take()?;
        self.by_key.remove(&held.key);
        self.by_use.remove(slot);
        self.by_age.remove(slot);
        self.vacant.push(slot);
        self.bytes -= held.size;
        Some(held.entry)
    }
}

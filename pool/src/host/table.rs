//! What is known by name: many readers, a bound, and what was not used for long gives way.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use foldhash::fast::RandomState;
use steadfast_clock::Nanos;

/// What a table holds.
pub(super) trait Entry {
    /// When it was last used, in nanoseconds of the clock.
    fn used(&self) -> u64;

    /// Whether forgetting it loses nothing. Nobody else holds it when this is asked.
    fn is_at_rest(&self, now: Nanos) -> bool;
}

/// Entries by their names, at most so many.
pub(super) struct Table<E> {
    shards: [RwLock<Shard<E>>; SHARDS],
    hasher: RandomState,
    len: AtomicUsize,
    max: usize,
    /// So many more newcomers are turned away before it is looked again whether somebody can give way.
    patience: AtomicUsize,
}

type Shard<E> = HashMap<Arc<str>, Arc<E>, RandomState>;

/// So that threads seldom meet at a lock. A power of two.
const SHARDS: usize = 16;

/// When there is no room, this part of all gives way at once, so that it is not looked for at every newcomer.
const GIVES_WAY: usize = 16;

impl<E: Entry> Table<E> {
    pub(super) fn new(max: usize) -> Self {
        let hasher = RandomState::default();
        Self {
            shards: std::array::from_fn(|_| RwLock::new(HashMap::with_hasher(hasher.clone()))),
            hasher,
            len: AtomicUsize::new(0),
            max,
            patience: AtomicUsize::new(0),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<Arc<E>> {
        read(self.shard(name)).get(name).cloned()
    }

    /// Puts an entry there, unless somebody was faster. `None` when there is no room for it; `always` makes room.
    pub(super) fn put(
        &self,
        name: &Arc<str>,
        make: impl FnOnce() -> Arc<E>,
        always: bool,
        now: Nanos,
    ) -> Option<Arc<E>> {
        let has_room = || always || self.len.load(Ordering::Relaxed) < self.max;
        if !has_room() {
            self.make_room(now);
        }
        let mut shard = write(self.shard(name));
        if let Some(there) = shard.get(name) {
            return Some(Arc::clone(there));
        }
        if !has_room() {
            return None;
        }
        self.len.fetch_add(1, Ordering::Relaxed);
        let entry = make();
        shard.insert(Arc::clone(name), Arc::clone(&entry));
        Some(entry)
    }

    /// Puts others in the place of those that `other` gives one for.
    pub(super) fn replace(&self, mut other: impl FnMut(&E) -> Option<E>) {
        for shard in &self.shards {
            for entry in write(shard).values_mut() {
                if let Some(other) = other(entry) {
                    *entry = Arc::new(other);
                }
            }
        }
    }

    /// Puts `entry` in the place of the one that is there.
    pub(super) fn set(&self, name: &str, entry: Arc<E>) {
        if let Some(there) = write(self.shard(name)).get_mut(name) {
            *there = entry;
        }
    }

    /// Forgets an entry that is at rest.
    pub(super) fn forget(&self, name: &str, now: Nanos) {
        let mut shard = write(self.shard(name));
        if shard.get(name).is_some_and(|entry| may_go(entry, now)) && shard.remove(name).is_some() {
            self.len.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Forgets those at rest that were not used for longest.
    #[cold]
    fn make_room(&self, now: Nanos) {
        let wait = |patience: usize| patience.checked_sub(1);
        if self.patience.fetch_update(Ordering::Relaxed, Ordering::Relaxed, wait).is_ok() {
            return;
        }
        let mut oldest: Vec<(u64, Arc<str>)> = Vec::new();
        for shard in &self.shards {
            let shard = read(shard);
            let at_rest = shard.iter().filter(|(_, entry)| may_go(entry, now));
            oldest.extend(at_rest.map(|(name, entry)| (entry.used(), Arc::clone(name))));
        }
        let part = (self.max / GIVES_WAY).max(1);
        if oldest.is_empty() {
            self.patience.store(part, Ordering::Relaxed);
            return;
        }
        if oldest.len() > part {
            oldest.select_nth_unstable_by_key(part - 1, |(used, _)| *used);
            oldest.truncate(part);
        }
        oldest.iter().for_each(|(_, name)| self.forget(name, now));
    }

    fn shard(&self, name: &str) -> &RwLock<Shard<E>> {
        // The upper bits: the maps go by the others.
        let place = (self.hasher.hash_one(name) >> 32) as usize % SHARDS;
        &self.shards[place]
    }
}

/// Whether nobody else holds it, and it is at rest. While the shard is locked, nobody begins to.
fn may_go<E: Entry>(entry: &Arc<E>, now: Nanos) -> bool {
    Arc::strong_count(entry) == 1 && entry.is_at_rest(now)
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

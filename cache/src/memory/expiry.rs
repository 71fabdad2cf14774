//! What has expired is let go, whether or not anyone asks for it.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use steadfast_clock::{Clock, Wall};

use super::due::{Due, Item};
use super::held::{Held, NEVER, reached};
use super::shared::Shared;
use crate::CacheKey;

/// How many expired entries a `put` lets go at most.
const SWEEP: usize = 16;

impl<C> Shared<C> {
    /// Lets go of up to `most` entries that are over. The caller drops them once it holds no lock.
    fn sweep(&self, due: &mut Due, now: u64, most: usize) -> Vec<Held> {
        let mut gone = Vec::new();
        for _ in 0..most {
            let Some(Item { id, key, .. }) = due.pop(now) else { break };
            match self.expire(&key, id, now) {
                Ok(held) => gone.push(held),
                // It was used since.
                Err(Some(later)) if later != NEVER => due.push(Item { at: later, id, key }),
                Err(_) => {}
            }
        }
        self.waiting.store(due.len(), Ordering::Relaxed);
        gone
    }

    /// Takes out the entry that has this id, if it is over; else tells when it will be, if it is there.
    pub(super) fn expire(&self, key: &CacheKey, id: u64, now: u64) -> Result<Held, Option<u64>> {
        let mut end = None;
        let over = self.store.remove_if(key, |held| {
            end = (held.id == id).then(|| held.end(self.rules.idle));
            end.is_some_and(|end| reached(end, now))
        });
        let (_, held) = over.ok_or(end)?;
        self.books.leaves(&held);
        self.books.expired();
        Ok(held)
    }

    /// Puts the entry in where something may have expired, or may later.
    pub(super) fn insert_and_sweep(&self, key: CacheKey, held: Held, now: u64) -> bool {
        self.books.tell(now);
        let (id, end) = (held.id, held.end(self.rules.idle));
        let mut gone = Vec::new();
        let mut due = self.due();
        let expired = self.sweep(&mut due, now, SWEEP);
        self.books.arrives(held.bytes);
        self.store.insert_with_lifecycle(key, held, &mut gone);
        if end != NEVER {
            due.push(Item { at: end, id, key });
            due.tidy(self.store.len(), |item| self.holds(item));
        }
        self.waiting.store(due.len(), Ordering::Relaxed);
        drop(due);
        drop(expired);
        self.account(key, id, Some(now), &gone)
    }

    /// Whether an entry is there. It is not cloned for it: a clone could be the last of it, and be dropped here.
    fn holds(&self, item: &Item) -> bool {
        let mut holds = false;
        self.store.remove_if(&item.key, |held| {
            holds = held.id == item.id;
            false
        });
        holds
    }

    /// Taken before the store's locks, never while one is held.
    fn due(&self) -> MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Clock + Wall> Shared<C> {
    pub(super) fn settle(&self) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            let now = self.now();
            self.books.tell(now);
            let mut due = self.due();
            let gone = self.sweep(&mut due, now, usize::MAX);
            drop(due);
            drop(gone);
        }
    }

    pub(super) fn clear(&self) {
        let now = (self.waiting.load(Ordering::Relaxed) > 0).then(|| self.now());
        // Whoever puts something that can expire waits: else the queue could forget it.
        let mut due = self.due();
        let gone: Vec<_> = self.store.drain().collect();
        due.clear();
        self.waiting.store(0, Ordering::Relaxed);
        drop(due);
        for (_, held) in &gone {
            self.books.leaves(held);
            if now.is_some_and(|now| held.is_over(now, self.rules.idle)) {
                self.books.expired();
            }
        }
    }
}

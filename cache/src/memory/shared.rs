//! What the handles share: the store, the rules of time and the books.

use std::cell::OnceCell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use foldhash::fast::SeedableRandomState;
use quick_cache::sync::Cache as Store;
use steadfast_clock::{Clock, Wall};

use super::books::{Books, Stripe};
use super::due::Due;
use super::gone::{AsHeld, HandOver};
use super::hasher;
use super::held::{Held, NEVER, Term};
use super::scale::{OVERHEAD, Scale};
use crate::{CacheKey, ConfigError, Entry, Freshness, Stats};

/// What an entry counts as.
pub(super) type Weigher = dyn Fn(&CacheKey, &Entry) -> u64 + Send + Sync;

/// When entries are let go whatever they are; none of them is zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) ttl: Option<Duration>,
    pub(super) idle: Option<Duration>,
}

pub(super) struct Shared<C> {
    pub(super) store: Store<CacheKey, Held, AsHeld, SeedableRandomState, HandOver>,
    pub(super) rules: Rules,
    pub(super) books: Books,
    pub(super) due: Mutex<Due>,
    /// How many stand there: where none do, no clock is read for them.
    pub(super) waiting: AtomicUsize,
    scale: Scale,
    /// The most that one entry may take.
    most: u64,
    weigher: Option<Arc<Weigher>>,
    next: AtomicU64,
    clock: C,
}

impl<C> Shared<C> {
    pub(super) fn new(
        capacity: Option<usize>,
        max_bytes: Option<u64>,
        shards: usize,
        rules: Rules,
        weigher: Option<Arc<Weigher>>,
        clock: C,
    ) -> Result<Self, ConfigError> {
        if shards == 0 {
            return Err(ConfigError::ZeroShards);
        }
        let scale = Scale::new(capacity, max_bytes);
        let options = scale.options(shards).ok_or(ConfigError::TooManyShards)?;
        let store = Store::with_options(options, AsHeld, hasher::seeded(), HandOver);
        let most = scale.most(store.shard_capacity());
        let (books, next) = (Books::new(), AtomicU64::new(0));
        let (due, waiting) = (Mutex::new(Due::default()), AtomicUsize::new(0));
        Ok(Self { store, scale, most, rules, weigher, books, next, due, waiting, clock })
    }

    pub(super) fn len(&self) -> usize {
        self.store.len()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.books.bytes()
    }

    pub(super) fn stats(&self) -> Stats {
        self.books.stats()
    }

    /// Puts the entry in; tells whether it was kept. `now` is known where something may have expired.
    fn insert(&self, key: CacheKey, held: Held, now: Option<u64>) -> bool {
        let id = held.id;
        let mut gone = Vec::new();
        self.books.arrives(held.bytes);
        self.store.insert_with_lifecycle(key, held, &mut gone);
        self.account(key, id, now, &gone)
    }

    /// Enters what was pushed out by an entry, which may be among it; tells whether that was kept.
    pub(super) fn account(&self, key: CacheKey, id: u64, now: Option<u64>, gone: &[(CacheKey, Held)]) -> bool {
        let mut kept = true;
        for (its_key, held) in gone {
            self.books.leaves(held);
            if held.id == id {
                kept = false;
            } else if now.is_some_and(|now| held.is_over(now, self.rules.idle)) {
                self.books.expired();
            } else if *its_key != key {
                self.books.evicted();
            }
        }
        if kept {
            self.books.inserted();
        }
        kept
    }

    fn weigh(&self, key: &CacheKey, entry: &Entry) -> u64 {
        match &self.weigher {
            Some(weigh) => weigh(key, entry),
            None => entry.size().saturating_add(OVERHEAD),
        }
    }
}

impl<C: Clock + Wall> Shared<C> {
    #[inline]
    pub(super) fn get(&self, key: &CacheKey) -> Option<Entry> {
        let mine = self.books.mine();
        let Some(held) = self.store.get(key) else {
            mine.missed();
            return None;
        };
        if held.is_timed() {
            return self.judge(key, held, mine);
        }
        mine.hit(&held);
        Some(held.entry)
    }

    fn judge(&self, key: &CacheKey, held: Held, mine: &Stripe) -> Option<Entry> {
        let now = self.books.latest(mine, self.clock.now().as_nanos());
        match held.freshness(now, self.rules.idle) {
            Freshness::Expired => {
                self.books.tell(now);
                drop(self.expire(key, held.id, now));
                mine.missed();
                return None;
            }
            Freshness::Stale => mine.stale(),
            Freshness::Fresh => {}
        }
        held.touch(now);
        mine.hit(&held);
        Some(held.entry)
    }

    pub(super) fn put(&self, key: CacheKey, entry: Entry) -> bool {
        let bytes = self.weigh(&key, &entry);
        let units = self.scale.of(bytes);
        let clock = Once::new(self);
        let term = self.term(&entry, &clock);
        if units > self.most || (term.until != NEVER && term.is_over(clock.now())) {
            // What was there is out of date, even where the new entry finds no room.
            drop(self.remove(&key));
            return false;
        }
        let held = Held::new(entry, self.next.fetch_add(1, Ordering::Relaxed), units, bytes);
        let held = if term == Term::ENDLESS && self.rules.idle.is_none() {
            held
        } else {
            held.lasting(term, clock.now(), self.rules.idle.is_some())
        };
        if held.is_timed() || self.waiting.load(Ordering::Relaxed) > 0 {
            self.insert_and_sweep(key, held, clock.now())
        } else {
            self.insert(key, held, None)
        }
    }

    pub(super) fn remove(&self, key: &CacheKey) -> Option<Entry> {
        let (_, held) = self.store.remove(key)?;
        self.books.leaves(&held);
        if held.is_timed() && held.is_over(self.now(), self.rules.idle) {
            self.books.expired();
            return None;
        }
        Some(held.entry)
    }

    /// How long an entry that is put now lasts.
    fn term(&self, entry: &Entry, clock: &Once<'_, C>) -> Term {
        let mut term = Term::ENDLESS;
        if let Some(ttl) = self.rules.ttl {
            term = term.ends_in(clock.now(), ttl);
        }
        if let Some(lifetime) = entry.lifetime() {
            let age = entry.age(self.clock.wall());
            term = term
                .fresh_for(clock.now(), lifetime.fresh.saturating_sub(age))
                .ends_in(clock.now(), lifetime.total().saturating_sub(age));
        }
        term
    }

    /// The time to go by.
    pub(super) fn now(&self) -> u64 {
        self.books.latest(self.books.mine(), self.clock.now().as_nanos())
    }
}

/// The time of one operation, read when it is first asked for, if it is.
struct Once<'a, C> {
    shared: &'a Shared<C>,
    read: OnceCell<u64>,
}

impl<'a, C: Clock + Wall> Once<'a, C> {
    const fn new(shared: &'a Shared<C>) -> Self {
        Self { shared, read: OnceCell::new() }
    }

    fn now(&self) -> u64 {
        *self.read.get_or_init(|| self.shared.now())
    }
}

//! The table: where a key's slot is, and what is done to it once found.

use core::num::NonZeroUsize;

use steadfast_clock::Nanos;

use super::plans::{Class, Plans};
use super::slot::{Bucket, Id, Slot, WAYS, Word};
use crate::decision::Origin;
use crate::sync::{AtomicU64, AtomicUsize, Mutex, Ordering};
use crate::{Decision, Denied, Gcra, Grant};

/// Buckets in a row that a key may be in.
const WINDOW: usize = if cfg!(steadfast_loom) { 1 } else { 8 };
/// Locks for keys that come or change; a key always has the same one.
const CLAIMS: usize = if cfg!(steadfast_loom) { 2 } else { 64 };
/// Buckets that share their times of change.
const GROUP: usize = 32;
/// By how much the table's latest point may be ahead while takers follow each other faster than that, so that it is
/// written so seldom as to cost nothing: 4 us.
const AHEAD: u64 = 4096;

/// Slots for keys that are known by their hash. Its size never changes.
///
/// A key is in the first slot of its window that was free when it came: eight buckets in a row, from the one that the
/// hash says. Slots are never emptied, so that no key is behind a slot that was never used.
///
/// Who takes from a slot swaps its word and nothing else. Who changes the owner, or the owner's class, holds the claim
/// of the *new* owner's key, so that no key ever comes twice, and withdraws the slot first: it swaps the word that it
/// judged by for [`Word::GIVEN_AWAY`], so that no swap of the old owner's can succeed from then on. The word of the
/// new owner is never one that the old one had: it is later than the point at which the old one was judged to owe
/// nothing, and refunds do not take it back behind that point; across quotas whose units differ in length, where cells
/// do not compare, the two bits of the tag differ.
#[derive(Debug)]
pub(super) struct Table {
    buckets: Box<[Bucket]>,
    /// Buckets that hashes say.
    homes: u64,
    pub(super) plans: Plans,
    /// The latest point that anything was decided at is not after this.
    latest: AtomicU64,
    pub(super) changes: Box<[Changes]>,
    pub(super) claims: [Mutex<()>; CLAIMS],
    pub(super) occupied: AtomicUsize,
    pub(super) overflowed: AtomicU64,
}

/// The latest points of change in a group of buckets.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Every key that lost its slot owed nothing at this point.
    pub(super) evicted: AtomicU64,
    /// Every grant of this point or later is of the class that its slot has now.
    pub(super) converted: AtomicU64,
}

/// A key, as the table knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    home: usize,
    pub(super) fingerprint: u64,
}

impl Table {
    pub(super) fn new(plans: Plans, keys: NonZeroUsize) -> Self {
        let homes = keys.get().div_ceil(WAYS.div_ceil(2));
        let buckets: Box<[_]> = (0..homes.saturating_add(WINDOW - 1)).map(|_| Bucket::new()).collect();
        Self {
            homes: homes as u64,
            plans,
            latest: AtomicU64::new(0),
            changes: (0..=buckets.len() / GROUP).map(|_| Changes::default()).collect(),
            claims: core::array::from_fn(|_| Mutex::new(())),
            occupied: AtomicUsize::new(0),
            overflowed: AtomicU64::new(0),
            buckets,
        }
    }

    pub(super) const fn slots(&self) -> usize {
        self.buckets.len() * WAYS
    }

    #[inline]
    pub(super) fn key(&self, hash: u64) -> Key {
        #[expect(clippy::cast_possible_truncation, reason = "below the number of homes, which is a usize")]
        let home = ((u128::from(hash) * u128::from(self.homes)) >> 64) as usize;
        // The home is the upper bits; the lower 48 tell apart those who share it.
        Key { home, fingerprint: (hash & (u64::MAX >> 16)).max(1) }
    }

    #[inline]
    pub(super) fn window(&self, key: Key) -> &[Bucket] {
        self.buckets.get(key.home..key.home + WINDOW).unwrap_or_default()
    }

    #[inline]
    fn find(&self, key: Key) -> Option<&Slot> {
        let home = self.buckets.get(key.home)?;
        let slot = home.find(key.fingerprint);
        if slot.is_some() || home.has_unused() { slot } else { self.find_beyond(key) }
    }

    /// One key in twenty is not in the first bucket of its window.
    #[cold]
    #[inline(never)]
    fn find_beyond(&self, key: Key) -> Option<&Slot> {
        for bucket in self.window(key).iter().skip(1) {
            let slot = bucket.find(key.fingerprint);
            if slot.is_some() || bucket.has_unused() {
                return slot;
            }
        }
        None
    }

    #[inline]
    pub(super) fn take(&self, key: Key, class: &Class, cost: u64, now: Nanos) -> Decision {
        if cost == 0 || cost > class.gcra.quota().burst_size() {
            return class.gcra.decide(0, cost, now).1;
        }
        let job = |gcra: &Gcra, cell| gcra.decide(cell, cost, now);
        self.find(key).and_then(|slot| self.change(slot, key, class, now, job)).unwrap_or_else(|| {
            // Not there, or not as it should be.
            self.enter(key, class, now, job)
        })
    }

    pub(super) fn peek(&self, key: Key, class: &Class, cost: u64, now: Nanos) -> Decision {
        let cell = self.find(key).and_then(|slot| {
            let (word, id) = slot.read();
            (!word.is_given_away() && id == class.id(key)).then(|| word.cell())
        });
        let cell = cell.unwrap_or_else(|| self.would_be(key, class, now));
        match class.gcra.decide(cell, cost, now).1 {
            Decision::Allow(_) => Decision::Allow(Grant::new(0, now)),
            denied => denied,
        }
    }

    pub(super) fn charge(&self, key: Key, class: &Class, cost: u64, now: Nanos) {
        if cost == 0 {
            return;
        }
        let job = |gcra: &Gcra, cell| {
            let charged = gcra.charge(cell, cost, now).min(Word::MOST);
            (charged, Decision::Allow(Grant::new(cost, now)))
        };
        let charged = self.find(key).and_then(|slot| self.change(slot, key, class, now, job));
        let _ = charged.unwrap_or_else(|| self.enter(key, class, now, job));
    }

    /// Gives back what was taken from the key's slot at the quota that it has now. Elsewhere nothing is owed any more,
    /// or it cannot be told how much of it is this grant's.
    pub(super) fn refund(&self, key: Key, grant: &Grant, unused: u64, now: Nanos) {
        let Some(slot) = self.find(key) else { return };
        loop {
            let (word, id) = slot.read();
            let is_own = grant.origin == Origin(id.bits()) && id.fingerprint() == key.fingerprint;
            // One from before a change may have been at another quota for a while.
            if word.is_given_away() || !is_own || grant.at() < self.changed(key, |changes| &changes.converted) {
                return;
            }
            // After the word: whoever changed it before had noted the time before.
            let latest = self.latest().max(now);
            let cell = self.plans.class(id.class()).gcra.refund(word.cell(), grant, unused, latest);
            if cell == word.cell() || slot.swap(word, word.with(cell)) {
                return;
            }
        }
    }

    /// Does `job` to the cell of a slot, if the slot is the key's and of the class.
    #[inline]
    pub(super) fn change(
        &self,
        slot: &Slot,
        key: Key,
        class: &Class,
        now: Nanos,
        job: impl Fn(&Gcra, u64) -> (u64, Decision),
    ) -> Option<Decision> {
        loop {
            let (word, id) = slot.read();
            if word.is_given_away() || id != class.id(key) {
                return None;
            }
            let (cell, decision) = job(&class.gcra, word.cell());
            if cell == word.cell() {
                return Some(decision);
            }
            if cell > Word::MOST {
                return Some(Decision::Deny(class.never()));
            }
            self.note(now);
            let next = word.with(cell);
            if slot.swap(word, next) {
                return Some(marked(decision, id));
            }
        }
    }

    /// Keeps `now` as the latest point, if it is. Before a cell changes, so that nobody sees the change without it.
    #[inline]
    pub(super) fn note(&self, now: Nanos) {
        let (now, latest) = (now.as_nanos(), self.latest.load(Ordering::Acquire));
        if now > latest {
            let busy = now - latest < AHEAD;
            self.latest.fetch_max(if busy { now.saturating_add(AHEAD) } else { now }, Ordering::AcqRel);
        }
    }

    /// A point that nothing was decided after.
    pub(super) fn latest(&self) -> Nanos {
        Nanos::from_nanos(self.latest.load(Ordering::Acquire))
    }

    /// The latest change of this kind in a key's window.
    pub(super) fn changed(&self, key: Key, of: impl Fn(&Changes) -> &AtomicU64) -> Nanos {
        let groups = self.changes.get(key.home / GROUP..=(key.home + WINDOW - 1) / GROUP).unwrap_or_default();
        Nanos::from_nanos(groups.iter().map(|group| of(group).load(Ordering::Acquire)).max().unwrap_or(0))
    }

    /// The changes of the `nth` bucket of a key's window.
    pub(super) fn changes_of(&self, key: Key, nth: usize) -> &Changes {
        &self.changes[(key.home + nth) / GROUP]
    }
}

/// The same answer, its grant known as made by this slot.
#[inline]
pub(super) fn marked(decision: Decision, id: Id) -> Decision {
    match decision {
        Decision::Allow(grant) => Decision::Allow(Grant::from(Origin(id.bits()), grant.cost(), grant.at())),
        denied => denied,
    }
}

impl Class {
    #[inline]
    pub(super) const fn id(&self, key: Key) -> Id {
        Id::new(key.fingerprint, self.number)
    }

    /// Beyond the end of the clock.
    pub(super) const fn never(&self) -> Denied {
        Denied::new(self.gcra.name(), None, self.gcra.quota().burst_size())
    }
}

//! The slow path: a key comes into the table, changes its class, or is served without a slot.

use std::sync::PoisonError;

use steadfast_clock::Nanos;

use super::plans::Class;
use super::slot::{Slot, Word};
use super::table::{Key, Table, marked};
use crate::sync::{MutexGuard, Ordering};
use crate::{Decision, Gcra};

/// What a key finds in its window.
enum Place<'a> {
    /// Its own slot, with the word and class that it had.
    Own(&'a Slot, Word, u16),
    /// A slot that was never used, or whose owner owes nothing; in this bucket of the window.
    Free(&'a Slot, Word, usize),
    /// Only slots whose owners owe something.
    None,
}

impl Table {
    /// Does `job` to the cell of a key that has no slot of this class yet.
    #[cold]
    pub(super) fn enter(
        &self,
        key: Key,
        class: &Class,
        now: Nanos,
        job: impl Fn(&Gcra, u64) -> (u64, Decision),
    ) -> Decision {
        let _claim = self.claim(key);
        loop {
            let done = match self.look(key, now) {
                Place::Own(slot, _, number) if number == class.number => self.change(slot, key, class, now, &job),
                Place::Own(slot, word, number) => self.convert(slot, word, key, (self.plans.class(number), class), now),
                Place::Free(slot, word, nth) => self.move_in(slot, word, nth, key, class, now, &job),
                Place::None => Some(self.overflow(key, class, now, &job)),
            };
            if let Some(decision) = done {
                return decision;
            }
        }
    }

    /// The cell that a key without a slot of this class would be judged by.
    #[cold]
    pub(super) fn would_be(&self, key: Key, class: &Class, now: Nanos) -> u64 {
        let _claim = self.claim(key);
        match self.look(key, now) {
            Place::Own(_, word, number) if number == class.number => word.cell(),
            Place::Own(_, word, number) => carry(word.cell(), &self.plans.class(number).gcra, &class.gcra, now),
            Place::Free(..) | Place::None => self.first_cell(key, class, now),
        }
    }

    fn claim(&self, key: Key) -> MutexGuard<'_, ()> {
        #[expect(clippy::cast_possible_truncation, reason = "any bits of the fingerprint will do")]
        let nth = key.fingerprint as usize % self.claims.len();
        self.claims[nth].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks through the window, with the key's claim held.
    fn look(&self, key: Key, now: Nanos) -> Place<'_> {
        let mut place = Place::None;
        for (nth, bucket) in self.window(key).iter().enumerate() {
            for slot in &bucket.slots {
                let (word, id) = slot.read();
                if word.is_given_away() {
                    // To another key: this one's claim is held here. If it was this one's, it owed nothing.
                    continue;
                }
                if id.fingerprint() == key.fingerprint {
                    return Place::Own(slot, word, id.class());
                }
                if matches!(place, Place::None)
                    && (word.is_unused() || owes_nothing(&self.plans.class(id.class()).gcra, word.cell(), now))
                {
                    place = Place::Free(slot, word, nth);
                }
                if word.is_unused() {
                    return place;
                }
            }
        }
        place
    }

    /// The cell of a key that has no slot.
    ///
    /// Whatever the key had taken was earned by the latest eviction in its window, or is in its overflow cell.
    fn first_cell(&self, key: Key, class: &Class, now: Nanos) -> u64 {
        let evicted = self.changed(key, |changes| &changes.evicted);
        let earned = if evicted > now { class.gcra.convert(0, &class.gcra, evicted) } else { 0 };
        class.overflow(key).load(Ordering::Acquire).max(earned)
    }

    /// Gives a slot to a key, with `job` done to its first cell; or only answers, if `job` changes nothing. `None` if
    /// the slot is no longer as it was.
    #[expect(clippy::too_many_arguments, reason = "one call, from above")]
    fn move_in(
        &self,
        slot: &Slot,
        word: Word,
        nth: usize,
        key: Key,
        class: &Class,
        now: Nanos,
        job: impl Fn(&Gcra, u64) -> (u64, Decision),
    ) -> Option<Decision> {
        let first = self.first_cell(key, class, now);
        let (cell, decision) = job(&class.gcra, first);
        if cell == first {
            return Some(decision);
        }
        if cell > Word::MOST {
            return Some(Decision::Deny(class.never()));
        }
        self.note(now);
        if word.is_unused() {
            self.occupied.fetch_add(1, Ordering::Relaxed);
        } else {
            // Before the slot is withdrawn, so that the old owner, who then finds itself without, sees this point.
            self.changes_of(key, nth).evicted.fetch_max(now.as_nanos(), Ordering::AcqRel);
        }
        if slot.withdraw(word) {
            let (id, next) = (class.id(key), word.next(cell));
            slot.give(id, next);
            return Some(marked(decision, id));
        }
        if word.is_unused() {
            self.occupied.fetch_sub(1, Ordering::Relaxed);
        }
        None
    }

    /// Changes the class of a key's slot; what it owes in permits stays.
    fn convert(&self, slot: &Slot, word: Word, key: Key, (from, to): (&Class, &Class), now: Nanos) -> Option<Decision> {
        self.note(now);
        let cell = carry(word.cell(), &from.gcra, &to.gcra, now);
        let later = self.latest().as_nanos().saturating_add(1);
        for nth in 0..self.window(key).len() {
            self.changes_of(key, nth).converted.fetch_max(later, Ordering::AcqRel);
        }
        if slot.withdraw(word) {
            slot.give(to.id(key), word.next(cell));
        }
        None
    }

    /// Does `job` to the cell that a key without a slot shares with others of its class.
    fn overflow(&self, key: Key, class: &Class, now: Nanos, job: impl Fn(&Gcra, u64) -> (u64, Decision)) -> Decision {
        self.overflowed.fetch_add(1, Ordering::Relaxed);
        self.note(now);
        let shared = class.overflow(key);
        let mut cell = shared.load(Ordering::Acquire);
        loop {
            let first = self.first_cell(key, class, now).max(cell);
            let (next, decision) = job(&class.gcra, first);
            if next == first {
                return decision;
            }
            match shared.compare_exchange(cell, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return decision,
                Err(present) => cell = present,
            }
        }
    }
}

/// The cell that owes the same under another quota.
fn carry(cell: u64, from: &Gcra, to: &Gcra, now: Nanos) -> u64 {
    let carried = from.convert(cell, to, now);
    // Who owes nothing has a full burst at this very point, too, where it is no whole number of units.
    if owes_nothing(from, cell, now) { carried.saturating_sub(1) } else { carried.min(Word::MOST) }
}

fn owes_nothing(gcra: &Gcra, cell: u64, now: Nanos) -> bool {
    gcra.decide(cell, gcra.quota().burst_size(), now).1.is_allowed()
}

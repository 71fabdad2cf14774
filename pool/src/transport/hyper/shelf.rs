//! What is idle, of all hosts together, in the order in which it became so.

use steadfast_clock::Nanos;

use super::slots::{Place, Slots};

/// An intrusive list: putting, taking from anywhere and finding the one that is idle longest take constant time.
pub(super) struct Shelf<T> {
    slots: Slots<Slot<T>>,
    oldest: Option<Place>,
    newest: Option<Place>,
    /// The longest idle of those that have not been stripped.
    whole: Option<Place>,
}

struct Slot<T> {
    item: T,
    owner: Place,
    since: Nanos,
    older: Option<Place>,
    newer: Option<Place>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { slots: Slots::default(), oldest: None, newest: None, whole: None }
    }
}

impl<T> Shelf<T> {
    /// Puts what `owner` has idle from now on.
    pub(super) fn put(&mut self, item: T, owner: Place, since: Nanos) -> Place {
        let older = self.newest;
        let place = self.slots.put(Slot { item, owner, since, older, newer: None });
        match older.and_then(|older| self.slots.get_mut(older)) {
            Some(older) => older.newer = Some(place),
            None => self.oldest = Some(place),
        }
        self.newest = Some(place);
        self.whole = self.whole.or(Some(place));
        place
    }

    pub(super) fn take(&mut self, place: Place) -> Option<(T, Nanos)> {
        let slot = self.slots.take(place)?;
        if self.whole == Some(place) {
            self.whole = slot.newer;
        }
        match slot.older.and_then(|older| self.slots.get_mut(older)) {
            Some(older) => older.newer = slot.newer,
            None => self.oldest = slot.newer,
        }
        match slot.newer.and_then(|newer| self.slots.get_mut(newer)) {
            Some(newer) => newer.older = slot.older,
            None => self.newest = slot.older,
        }
        Some((slot.item, slot.since))
    }

    pub(super) fn peek(&self, place: Place) -> Option<&T> {
        self.slots.get(place).map(|slot| &slot.item)
    }

    /// Since when what lies there is idle.
    pub(super) fn since(&self, place: Place) -> Option<Nanos> {
        self.slots.get(place).map(|slot| slot.since)
    }

    /// Whose the longest idle is, and since when it is idle.
    pub(super) fn oldest(&self) -> Option<(Place, Nanos)> {
        let slot = self.slots.get(self.oldest?)?;
        Some((slot.owner, slot.since))
    }

    /// Since when the longest idle of those is idle that have not been stripped.
    pub(super) fn whole(&self) -> Option<Nanos> {
        self.since(self.whole?)
    }

    /// That one, whose it is, and where; it counts as stripped from now on.
    pub(super) fn next_whole(&mut self) -> Option<(Place, Place, &mut T)> {
        let place = self.whole?;
        let slot = self.slots.get_mut(place)?;
        self.whole = slot.newer;
        Some((place, slot.owner, &mut slot.item))
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is put, taken and stripped: the longest idle, and the longest idle that was not stripped, are told.
        #[test]
        fn the_oldest_is_known(steps in prop::collection::vec((0..4_u8, 0..8_usize), 0..100)) {
            let mut shelf = Shelf::default();
            // Place, since when, stripped; the oldest first.
            let mut model: Vec<(Place, Nanos, bool)> = Vec::new();
            for (at, (step, which)) in (0_u64..).zip(steps) {
                let now = Nanos::from_nanos(at);
                match step {
                    0 | 1 => model.push((shelf.put(at, 7, now), now, false)),
                    2 if which < model.len() => {
                        let (place, since, _) = model.remove(which);
                        prop_assert_eq!(shelf.take(place), Some((since.as_nanos(), since)));
                    }
                    3 => {
                        let told = shelf.next_whole().map(|(place, owner, item)| (place, owner, *item));
                        let next = model.iter_mut().find(|(.., stripped)| !stripped);
                        let next = next.map(|(place, since, stripped)| {
                            *stripped = true;
                            (*place, 7, since.as_nanos())
                        });
                        prop_assert_eq!(told, next);
                    }
                    _ => {}
                }
                prop_assert_eq!(shelf.len(), model.len());
                prop_assert_eq!(shelf.oldest(), model.first().map(|(_, since, _)| (7, *since)));
                let whole = model.iter().find(|(.., stripped)| !stripped);
                prop_assert_eq!(shelf.whole(), whole.map(|(_, since, _)| *since));
            }
        }
    }
}

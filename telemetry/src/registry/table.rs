//! All series of one kind, and who gives way when there is no room.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use steadfast_clock::Nanos;

use super::Bounds;
use super::series::{Handle, Series};
use crate::Key;

/// Series by their keys.
pub(super) struct Table<H>(RwLock<State<H>>);

struct State<H> {
    by_key: HashMap<Key, Arc<Series<H>>>,
    /// How many of them were made beyond the bound.
    surplus: usize,
    /// Before this, none of them is stale: those that are made later are stale later.
    stale_at: Nanos,
}

/// Series that collect what is beyond the bound. Their names come from code, so that few are enough.
const MAX_SURPLUS: usize = 64;

impl<H: Handle> Table<H> {
    pub(super) fn new() -> Self {
        Self(RwLock::new(State { by_key: HashMap::new(), surplus: 0, stale_at: Nanos::from_nanos(0) }))
    }

    /// The series of `key`, if there is one.
    pub(super) fn find(&self, key: &Key) -> Option<H> {
        self.reading().by_key.get(key).map(|series| series.hand_out())
    }

    /// The series of `key`, made if there is room, or the one that collects for it.
    ///
    /// Room is looked for where series may be moved without waiting: while a snapshot is taken, they stay.
    pub(super) fn make(&self, key: &Key, make: fn() -> H, now: Nanos, bounds: Bounds, moving: &RwLock<()>) -> H {
        let mut state = self.writing();
        if let Some(series) = state.by_key.get(key) {
            return series.hand_out(); // made by another thread since we looked
        }
        if !state.has_room(bounds) && state.stale_at <= now {
            if let Ok(_moving) = moving.try_write() {
                state.reap(now, bounds);
            }
        }
        if state.has_room(bounds) {
            return state.series(key.clone(), make, now).hand_out();
        }
        let surplus = key.surplus();
        match state.surplus(&surplus, make, now) {
            Some(series) => series.hand_out(),
            // The last of the surplus series is kept for the key of last resort.
            None => {
                let before = state.by_key.len();
                let handle = state.series(Key::last_resort(), make, now).hand_out();
                state.surplus += state.by_key.len() - before;
                handle
            }
        }
    }

    /// Lets stale series go; tells how many. Snapshots must be kept out meanwhile.
    pub(super) fn reap(&self, now: Nanos, bounds: Bounds) -> usize {
        self.writing().reap(now, bounds)
    }

    /// What all series hold, and a note of which are in use. The table is not locked while they are read, so that reading
    /// does not hold up whoever makes a series.
    pub(super) fn read<M: FromIterator<(Key, H::Value)>>(&self, now: Nanos) -> M {
        let series: Vec<_> =
            self.reading().by_key.iter().map(|(key, series)| (key.clone(), Arc::clone(series))).collect();
        let read = |(key, series): (Key, Arc<Series<H>>)| {
            series.note(now);
            (key, series.read())
        };
        series.into_iter().map(read).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.reading().by_key.len()
    }

    fn reading(&self) -> RwLockReadGuard<'_, State<H>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn writing(&self) -> RwLockWriteGuard<'_, State<H>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<H: Handle> State<H> {
    fn has_room(&self, bounds: Bounds) -> bool {
        self.by_key.len() - self.surplus < bounds.max_series
    }

    fn series(&mut self, key: Key, make: impl FnOnce() -> H, now: Nanos) -> &Arc<Series<H>> {
        self.by_key.entry(key).or_insert_with(|| Arc::new(Series::new(make(), now)))
    }

    /// The series that collects under `surplus`, if it is there or can be made.
    fn surplus(&mut self, surplus: &Key, make: impl FnOnce() -> H, now: Nanos) -> Option<&Arc<Series<H>>> {
        if !self.by_key.contains_key(surplus) {
            if self.surplus >= MAX_SURPLUS - 1 {
                return None;
            }
            self.surplus += 1;
        }
        Some(self.series(surplus.clone(), make, now))
    }

    fn reap(&mut self, now: Nanos, bounds: Bounds) -> usize {
        let Some(after) = bounds.stale_after else { return 0 };
        let (mut stale, mut next) = (Vec::new(), now.saturating_add(after));
        for (key, series) in self.by_key.iter().filter(|(key, _)| key.is_one_of_many()) {
            let used = series.note(now);
            let at = series.stale_at(after);
            if !used && at <= now {
                stale.push((key.clone(), Arc::clone(series)));
            } else {
                next = next.min(at);
            }
        }
        self.stale_at = next;
        stale.retain(|(key, series)| self.let_go(key, series, now));
        stale.len()
    }

    /// Moves what the series of `key` holds to the one that collects for it; tells whether that could be done.
    ///
    /// Nobody else has a handle on it, and nobody is given one while the table is locked: what is read here is all there is.
    fn let_go(&mut self, key: &Key, series: &Series<H>, now: Nanos) -> bool {
        let value = series.read();
        if value != H::Value::default() {
            let other = if H::MOVES { self.surplus(&key.surplus(), || series.like(), now) } else { None };
            let Some(other) = other else {
                series.keep(now);
                return false;
            };
            other.absorb(&value);
        }
        self.by_key.remove(key).is_some()
    }
}

//! What came between two snapshots, also when series were let go meanwhile.

use std::collections::BTreeMap;

use super::HistogramSnapshot;
use crate::Key;

/// What series hold that only grow.
pub(super) trait Sum: Clone + Default {
    /// Whether this cannot have grown from `then`.
    fn began_anew(&self, then: &Self) -> bool;

    fn less(&self, then: &Self) -> Self;

    fn put(&mut self, more: &Self);
}

/// What was added to each series.
pub(super) fn added<V: Sum>(now: &BTreeMap<Key, V>, then: &BTreeMap<Key, V>) -> BTreeMap<Key, V> {
    let moved = moved(now, then);
    let added = |(key, value): (&Key, &V)| {
        let added = match then.get(key) {
            Some(then) if !moved.is_empty() && value.began_anew(then) && moved.contains_key(&key.surplus()) => {
                value.clone()
            }
            Some(then) => value.less(then),
            None => value.clone(),
        };
        let added = moved.get(key).map_or_else(|| added.clone(), |moved| added.less(moved));
        (key.clone(), added)
    };
    now.iter().map(added).collect()
}

/// What was there in series that are gone or began anew, by the series that collects for them.
fn moved<V: Sum>(now: &BTreeMap<Key, V>, then: &BTreeMap<Key, V>) -> BTreeMap<Key, V> {
    let mut moved = BTreeMap::<Key, V>::new();
    for (key, then) in then.iter().filter(|(key, _)| key.is_one_of_many()) {
        if now.get(key).is_none_or(|now| now.began_anew(then)) && now.contains_key(&key.surplus()) {
            moved.entry(key.surplus()).or_default().put(then);
        }
    }
    moved
}

impl Sum for u64 {
    fn began_anew(&self, then: &Self) -> bool {
        self < then
    }

    fn less(&self, then: &Self) -> Self {
        self.saturating_sub(*then)
    }

    fn put(&mut self, more: &Self) {
        *self = self.saturating_add(*more);
    }
}

impl Sum for HistogramSnapshot {
    fn began_anew(&self, then: &Self) -> bool {
        self.lacks(then)
    }

    fn less(&self, then: &Self) -> Self {
        self.since(then)
    }

    fn put(&mut self, more: &Self) {
        self.merge(more);
    }
}

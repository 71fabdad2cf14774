//! When entries have to be looked at because they may have expired.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::CacheKey;

/// Entries by the time at which they end, the earliest first.
///
/// Each entry that can expire stands here once. One that was evicted or replaced stays until it is due or
/// [`tidy`](Self::tidy) finds it: taking it out at once would mean finding it.
#[derive(Default)]
pub(super) struct Due(BinaryHeap<Reverse<Item>>);

/// An entry that ends at a time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    pub(super) at: u64,
    pub(super) id: u64,
    pub(super) key: CacheKey,
}

/// How many may stand here besides those that are held, at least.
const SLACK: usize = 64;

impl Due {
    pub(super) fn push(&mut self, item: Item) {
        self.0.push(Reverse(item));
    }

    /// The earliest, if it ends at `now` or before.
    pub(super) fn pop(&mut self, now: u64) -> Option<Item> {
        let Reverse(earliest) = self.0.peek()?;
        if earliest.at > now {
            return None;
        }
        self.0.pop().map(|Reverse(item)| item)
    }

    /// Forgets those that are no longer held once they may be the larger half. `held` is how many are at most.
    pub(super) fn tidy(&mut self, held: usize, is_held: impl Fn(&Item) -> bool) {
        if self.0.len() > held.saturating_mul(2).saturating_add(SLACK) {
            self.0.retain(|Reverse(item)| is_held(item));
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

//! Two bounds as one: what an entry takes of the store's capacity.

use quick_cache::{Options, OptionsBuilder};

/// What the key and the bookkeeping of an entry count as: the most that was measured, which is right after the table has
/// grown and with a lifetime; elsewhere it is from 260.
pub(super) const OVERHEAD: u64 = 480;

/// What is taken for the size of an average entry where only bytes are bounded: it decides how many keys are remembered
/// for a while after their entries were evicted.
const AVERAGE: u64 = 2048;

/// The most parts there are.
const SHARDS: usize = 1024;

/// The fewest entries that a part is made for, which is what the store insists on.
const FEWEST: u64 = 32;

/// Sums of what entries take must not overflow.
const MOST: u64 = 1 << 62;

/// How bytes and entries become units of capacity.
///
/// An entry counts as the larger of its shares of both bounds, so that both hold when the units do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// All there are.
    units: u64,
    entries: Option<u64>,
    bytes: Option<u64>,
}

impl Scale {
    /// The bounds, of which none is zero.
    pub(super) fn new(capacity: Option<usize>, max_bytes: Option<u64>) -> Self {
        let entries = capacity.map(|capacity| capacity as u64);
        let units = match (entries, max_bytes) {
            (Some(entries), None) => entries,
            // Of 64 units a byte nothing is lost to rounding where an entry may take 31/32 of all.
            (None, Some(bytes)) => bytes.saturating_mul(64),
            (Some(entries), Some(bytes)) => entries.saturating_mul(bytes),
            (None, None) => MOST,
        };
        Self { units: units.min(MOST), entries, bytes: max_bytes }
    }

    /// What an entry of this weight takes, rounded up; at least 1.
    pub(super) fn of(&self, bytes: u64) -> u64 {
        let of_bytes = self.bytes.map_or(0, |all| share(self.units, bytes, all));
        let of_entries = self.entries.map_or(0, |all| share(self.units, 1, all));
        of_bytes.max(of_entries).max(1)
    }

    /// How the store is to be made, with about `shards` parts; `None` where those are too many.
    pub(super) fn options(&self, shards: usize) -> Option<Options> {
        let by_bytes = self.bytes.map_or(u64::MAX, |bytes| (bytes / AVERAGE).max(1));
        let expected = self.entries.unwrap_or(u64::MAX).min(by_bytes);
        if shards > SHARDS {
            return None;
        }
        let mut parts = shards.next_power_of_two() as u64;
        while parts > 1 && expected / parts < FEWEST {
            parts /= 2;
        }
        let mut options = OptionsBuilder::new();
        options
            .shards(usize::try_from(parts).ok()?)
            .estimated_items_capacity(usize::try_from(expected).unwrap_or(usize::MAX))
            // The store would round the parts up.
            .weight_capacity(self.units / parts * parts);
        if self.entries == Some(1) {
            // Else there would be no entry small enough.
            options.hot_allocation(1.0);
        }
        options.build().ok()
    }

    /// The most that one entry may take of a store's part of `capacity`.
    pub(super) fn most(&self, capacity: u64) -> u64 {
        // The store keeps 3 % for newcomers, which nothing larger can pass through.
        if self.entries == Some(1) { capacity } else { capacity - capacity / 32 }
    }
}

/// What `part` of `all` is in units, rounded up, and more than there are if it is more than all.
fn share(units: u64, part: u64, all: u64) -> u64 {
    if part > all {
        return u64::MAX;
    }
    let share = (u128::from(units) * u128::from(part)).div_ceil(u128::from(all));
    u64::try_from(share).unwrap_or(u64::MAX)
}

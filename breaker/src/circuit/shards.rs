//! Successes by bucket, counted by each thread for itself.

use steadfast_clock::Nanos;

use super::{SHUT, stripe};
use crate::sync::{AtomicU64, Ordering};
use crate::window::{BUCKETS, Grid};
use crate::{Over, Rate, Rule, Trip};

/// Rings of buckets, one for each stripe of threads.
///
/// A bucket is one word: its mark in the upper half, the count in the lower. The mark tells the bucket's number and the
/// breaker's generation, so that a bucket is taken over in one step, by whoever comes first in a new lap or generation,
/// and a count never goes to a bucket it was not meant for.
#[derive(Debug)]
pub(super) struct Shards {
    grid: Grid,
    rings: Box<[Ring]>,
}

/// On cache lines of its own; two lines, because they are fetched in pairs.
#[derive(Debug)]
#[repr(align(128))]
struct Ring([AtomicU64; BUCKETS as usize]);

/// What became of a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Added {
    /// It is counted, or too late to count.
    Settled,
    /// The breaker does not admit every call: the machine is to be told.
    Shut,
}

/// The lower half of a word.
const COUNT: u64 = u32::MAX as u64;

/// How many marks lie between two generations: more than the window has, so that what counts in one is none of the
/// other's. Marks go round after 2³² buckets, or 2²⁶ changes of state: a word untouched for exactly so long is taken for
/// a present one.
const FENCE: u64 = 4 * BUCKETS as u64;

impl Shards {
    /// What `rule` needs: none unless it is on a rate over time.
    pub(super) fn of(rule: &Rule) -> Option<Self> {
        let Trip::Rate(Rate { over: Over::Time(window), .. }) = rule.trip else { return None };
        let rings = (0..stripe::count()).map(|_| Ring(core::array::from_fn(|_| AtomicU64::new(0))));
        Some(Self { grid: Grid::new(window), rings: rings.collect() })
    }

    /// Counts a success of `generation` that ended at `now`, if `gate` still shows that generation.
    #[inline]
    pub(super) fn add(&self, generation: u64, now: Nanos, gate: &AtomicU64) -> Added {
        let mark = self.mark(generation, now);
        // There are a power of two of rings.
        let Some(ring) = self.rings.get(stripe::mine() & (self.rings.len() - 1)) else { return Added::Settled };
        let word = &ring.0[place(mark)];
        let mut seen = word.load(Ordering::Acquire);
        loop {
            // Looked at after the word: a word written in a later generation brings that generation's gate with it, so
            // a late thread cannot take its bucket away.
            let current = gate.load(Ordering::Acquire);
            if current != generation {
                return if current == SHUT { Added::Shut } else { Added::Settled };
            }
            let Some(next) = after(seen, mark) else { return Added::Settled };
            match word.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Added::Settled,
                Err(other) => seen = other,
            }
        }
    }

    /// The successes of `generation` that count at `now`.
    pub(super) fn sum(&self, generation: u64, now: Nanos) -> u64 {
        let current = self.mark(generation, now);
        let words = self.rings.iter().flat_map(|ring| &ring.0).map(|word| word.load(Ordering::Acquire));
        words.filter(|word| current.wrapping_sub(mark_of(*word)) < BUCKETS).map(|word| word & COUNT).sum()
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "marks go round")]
    fn mark(&self, generation: u64, now: Nanos) -> u32 {
        self.grid.bucket(now).wrapping_add(generation.wrapping_mul(FENCE)) as u32
    }
}

/// The word after one success more for bucket `mark`; `None` when it stays as it is.
#[inline]
fn after(word: u64, mark: u32) -> Option<u64> {
    let (count, its) = (word & COUNT, mark_of(word));
    if its == mark {
        // Full: four thousand million in one bucket. It stays so.
        return (count < COUNT).then_some(word + 1);
    }
    // One lap ahead is a success told so late that it counts no more. Farther ahead is a clock that stepped back.
    let ahead = count > 0 && its == mark.wrapping_add(BUCKETS);
    (!ahead).then_some(u64::from(mark) << 32 | 1)
}

#[inline]
const fn mark_of(word: u64) -> u32 {
    (word >> 32) as u32
}

#[inline]
const fn place(mark: u32) -> usize {
    (mark % BUCKETS) as usize
}

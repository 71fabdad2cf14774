//! The calls of the last so long, by bucket.

use alloc::boxed::Box;

use steadfast_clock::Nanos;

use super::grid::{BUCKETS, Grid};
use super::{Call, Sums};

/// A ring of [`BUCKETS`] buckets, each marked with its number, so that none is mistaken for the one a lap earlier.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    grid: Grid,
    ring: Box<[Bucket; BUCKETS as usize]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    number: u64,
    sums: Sums,
}

impl Buckets {
    pub(crate) fn new(grid: Grid) -> Self {
        Self { grid, ring: Box::default() }
    }

    /// Adds a call that ended at `now`.
    pub(crate) fn add(&mut self, call: Call, now: Nanos) {
        let number = self.grid.bucket(now);
        let bucket = &mut self.ring[place(number)];
        if bucket.number != number {
            // One lap ahead is a call told so late that it counts no more. Farther ahead is a clock that stepped back.
            if bucket.sums.calls > 0 && bucket.number == number.wrapping_add(u64::from(BUCKETS)) {
                return;
            }
            *bucket = Bucket { number, sums: Sums::default() };
        }
        bucket.sums.calls += 1;
        bucket.sums.failed += u64::from(call.failed);
        bucket.sums.slow += u64::from(call.slow);
    }

    /// What counts at `now`.
    pub(crate) fn sums(&self, now: Nanos) -> Sums {
        let current = self.grid.bucket(now);
        let mut all = Sums::default();
        for bucket in self.ring.iter() {
            if current.wrapping_sub(bucket.number) < u64::from(BUCKETS) {
                all.calls += bucket.sums.calls;
                all.failed += bucket.sums.failed;
                all.slow += bucket.sums.slow;
            }
        }
        all
    }

    pub(crate) fn clear(&mut self) {
        *self.ring = Default::default();
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the remainder is below `BUCKETS`")]
const fn place(number: u64) -> usize {
    (number % BUCKETS as u64) as usize
}

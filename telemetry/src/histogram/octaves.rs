//! The buckets of one distribution, an octave at a time.

use std::array;

use crate::HistogramSnapshot;
use crate::layout::{OCTAVES, SLOTS, locate};
use crate::sync::{AtomicU64, OnceLock, Ordering};

/// A bucket for every value; those of an octave are made when the first value falls into it, 1 KiB.
pub(super) struct Octaves([OnceLock<Box<Octave>>; OCTAVES]);

/// Whole cache lines, so that no two threads ever write to the same one unless they share the octave.
#[repr(align(128))]
struct Octave([AtomicU64; SLOTS]);

impl Octaves {
    pub(super) fn new() -> Self {
        Self(array::from_fn(|_| OnceLock::new()))
    }

    /// The bucket of `value`.
    #[inline]
    pub(super) fn bucket(&self, value: u64) -> &AtomicU64 {
        let (octave, slot) = locate(value);
        let octave = &self.0[octave];
        let cells = match octave.get() {
            Some(cells) => cells,
            None => make(octave),
        };
        &cells.0[slot]
    }

    /// Puts what all buckets hold into `snapshot`.
    ///
    /// Whoever counts a value released its bucket after it had stored the sum and the maximum: read those after this.
    pub(super) fn read(&self, snapshot: &mut HistogramSnapshot) {
        for (octave, cells) in self.0.iter().enumerate() {
            for (slot, cell) in cells.get().into_iter().flat_map(|cells| &cells.0).enumerate() {
                snapshot.put(octave * SLOTS + slot, cell.load(Ordering::Acquire));
            }
        }
    }
}

#[cold]
fn make(octave: &OnceLock<Box<Octave>>) -> &Octave {
    octave.get_or_init(|| Box::new(Octave(array::from_fn(|_| AtomicU64::new(0)))))
}

#[cfg(all(test, not(steadfast_loom)))]
mod tests {
    use super::*;

    #[test]
    fn all_octaves_take_less_than_64_kib() {
        assert!(size_of::<Octaves>() + OCTAVES * size_of::<Octave>() < 61 * 1024);
    }
}

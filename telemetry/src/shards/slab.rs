//! The cells of one thread.

use std::array;

use crate::sync::AtomicU64;

/// One cell for each counter up to some number, a power of two of lines: written by the thread that holds the
/// [`Lease`](super::Lease), read by everyone. Lines are made once and never move or go.
pub(crate) type Lines = &'static [&'static Line];

/// As many cells as processors fetch at once, so that no two threads ever write to the same line.
#[repr(align(128))]
pub(crate) struct Line([AtomicU64; CELLS]);

/// Where the cell of a counter is, in the lines of every thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot(u32);

const CELLS: usize = 16;

/// How many counters have cells; those beyond share one each among all threads.
const CAPACITY: usize = 1 << 24;

impl Spot {
    /// The spot of counter `number`.
    pub(crate) fn of(number: usize) -> Self {
        Self(u32::try_from(number).unwrap_or(u32::MAX))
    }

    #[inline]
    const fn line(self) -> usize {
        self.0 as usize / CELLS
    }

    /// The cell at this spot, if there is one yet.
    #[inline]
    pub(crate) fn of_lines(self, lines: Lines) -> Option<&'static AtomicU64> {
        lines.get(self.line()).map(|line| &line.0[self.0 as usize % CELLS])
    }

    /// The lines with as many more of them as it takes for this spot to have a cell.
    ///
    /// What is left behind is the old list of lines, one word for each sixteen cells, at most as long as the new one.
    pub(super) fn extend(self, lines: Lines) -> Lines {
        let len = (self.line() + 1).next_power_of_two();
        if len <= lines.len() || self.line() >= CAPACITY / CELLS {
            return lines;
        }
        let more: Box<[Line]> = (lines.len()..len).map(|_| Line(array::from_fn(|_| AtomicU64::new(0)))).collect();
        let more: &'static [Line] = Box::leak(more);
        Box::leak(lines.iter().copied().chain(more).collect())
    }
}

#[cfg(all(test, not(steadfast_loom)))]
mod tests {
    use super::*;
    use crate::sync::Ordering;

    #[test]
    fn every_counter_has_a_cell_of_its_own_and_keeps_it() {
        let mut lines: Lines = &[];
        for number in 0..1000 {
            let spot = Spot::of(number);
            lines = spot.extend(lines);
            assert_eq!(spot.of_lines(lines).unwrap().fetch_add(number as u64, Ordering::Relaxed), 0, "{number}");
        }
        for number in 0..1000 {
            assert_eq!(Spot::of(number).of_lines(lines).unwrap().load(Ordering::Relaxed), number as u64);
        }
    }

    #[test]
    fn a_cell_and_what_is_kept_ready_take_less_than_three_words() {
        let mut bytes = 0;
        let mut lines: Lines = &[];
        for number in 0..10_000 {
            let longer = Spot::of(number).extend(lines);
            bytes += size_of_val(&longer[lines.len()..].iter().map(|_| [0u64; CELLS]).collect::<Vec<_>>()[..]);
            bytes += if longer.len() > lines.len() { size_of_val(longer) } else { 0 };
            lines = longer;
        }
        assert!(bytes < 3 * 8 * 10_000, "{bytes}");
    }

    #[test]
    fn beyond_the_capacity_there_is_nothing() {
        for number in [CAPACITY, usize::MAX] {
            let lines = Spot::of(number).extend(&[]);
            assert!(lines.is_empty() && Spot::of(number).of_lines(lines).is_none());
        }
    }
}

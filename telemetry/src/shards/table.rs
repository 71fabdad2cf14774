//! The cells of all threads, and which numbers of counters are taken.

use std::sync::PoisonError;

use super::slab::{Lines, Spot};
use crate::sync::{AtomicU64, Mutex, Ordering};

/// Every slab with its lines, which slabs no thread holds, and which numbers no counter has.
///
/// Its lock is taken when a thread begins or ends to count, the first time that it touches a line, when a counter is made or
/// ends, and by readers; never by whoever goes on counting.
pub(crate) struct Table(Mutex<State>);

struct State {
    slabs: Vec<Lines>,
    idle: Vec<usize>,
    /// How many numbers were ever given out.
    numbers: usize,
    /// Those of them that came back.
    free: Vec<usize>,
}

/// The table of this process.
#[cfg(not(steadfast_loom))]
pub(crate) fn table() -> &'static Table {
    static TABLE: Table = Table::new();
    &TABLE
}

/// The table of this execution of a model. It is leaked, since threads end after loom has dropped its statics.
#[cfg(steadfast_loom)]
pub(crate) fn table() -> &'static Table {
    loom::lazy_static! {
        static ref TABLE: &'static Table = Box::leak(Box::new(Table::new()));
    }
    *TABLE
}

impl Table {
    #[cfg(not(steadfast_loom))]
    const fn new() -> Self {
        Self(Mutex::new(State::new()))
    }

    #[cfg(steadfast_loom)]
    fn new() -> Self {
        Self(Mutex::new(State::new()))
    }

    /// A slab for a thread, and its lines so far: one that another thread gave back, or a new one.
    pub(super) fn adopt(&self) -> (usize, Lines) {
        self.with(|state| {
            let slab = state.idle.pop().unwrap_or_else(|| {
                state.slabs.push(&[]);
                state.slabs.len() - 1
            });
            (slab, state.slabs[slab])
        })
    }

    /// Takes back the slab of a thread that will never write to it again.
    pub(super) fn give_back(&self, slab: usize) {
        self.with(|state| state.idle.push(slab));
    }

    /// The lines of a slab, with those that it takes for `spot` to have a cell.
    pub(super) fn extend(&self, slab: usize, spot: Spot) -> Lines {
        self.with(|state| {
            state.slabs[slab] = spot.extend(state.slabs[slab]);
            state.slabs[slab]
        })
    }

    /// A number that no counter has, whose cells are all zero.
    pub(crate) fn number(&self) -> usize {
        self.with(|state| {
            state.free.pop().unwrap_or_else(|| {
                state.numbers += 1;
                state.numbers - 1
            })
        })
    }

    /// Takes back the number of a counter that nobody has a handle on any more.
    ///
    /// Whoever wrote to its cells did so before dropping a handle, and the last of them was dropped before this: there is no
    /// store to come that could bring the old sum back. Whoever is given the number next gets it through the lock, after the
    /// zeroes.
    pub(crate) fn free(&self, number: usize) {
        self.with(|state| {
            state.cells(Spot::of(number)).for_each(|cell| cell.store(0, Ordering::Relaxed));
            state.free.push(number);
        });
    }

    /// The sum over the cells at `spot`.
    ///
    /// To one reader it never goes backwards: the cells only grow, and slabs only ever come on top.
    pub(crate) fn sum(&self, spot: Spot) -> u64 {
        self.with(|state| state.cells(spot).fold(0, |sum: u64, cell| sum.saturating_add(cell.load(Ordering::Relaxed))))
    }

    /// Nothing in here panics halfway, so that a poisoned lock protects a whole state.
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    const fn new() -> Self {
        Self { slabs: Vec::new(), idle: Vec::new(), numbers: 0, free: Vec::new() }
    }

    fn cells(&self, spot: Spot) -> impl Iterator<Item = &'static AtomicU64> {
        self.slabs.iter().filter_map(move |lines| spot.of_lines(lines))
    }
}

#[cfg(all(test, not(steadfast_loom)))]
mod tests {
    use super::super::grow;
    use super::*;

    fn add(table: &Table, slab: usize, spot: Spot, n: u64) {
        spot.of_lines(table.extend(slab, spot)).into_iter().for_each(|cell| grow(cell, n, Ordering::Relaxed));
    }

    #[test]
    fn a_slab_given_back_is_the_next_to_be_adopted_with_its_lines() {
        let table = Table::new();
        let spot = Spot::of(100);
        let ((first, _), (second, _)) = (table.adopt(), table.adopt());
        assert_ne!(first, second);
        let lines = table.extend(first, spot);
        table.give_back(first);
        let (again, kept) = table.adopt();
        assert_eq!((again, kept.as_ptr()), (first, lines.as_ptr()));
        assert_ne!(table.adopt().0, second);
    }

    #[test]
    fn a_number_comes_back_with_zeroes() {
        let table = Table::new();
        let number = table.number();
        let spot = Spot::of(number);
        for _ in 0..2 {
            add(&table, table.adopt().0, spot, 7);
        }
        assert_eq!(table.sum(spot), 14);
        table.free(number);
        assert_eq!((table.number(), table.sum(spot)), (number, 0));
        assert_eq!(table.number(), number + 1);
    }

    #[test]
    fn sums_saturate_over_slabs_too() {
        let table = Table::new();
        let spot = Spot::of(table.number());
        for _ in 0..2 {
            add(&table, table.adopt().0, spot, u64::MAX - 1);
        }
        assert_eq!(table.sum(spot), u64::MAX);
    }
}

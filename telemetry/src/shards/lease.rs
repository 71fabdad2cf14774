//! Which slab the calling thread writes to.

use std::cell::Cell;
use std::rc::Rc;

use super::slab::{Lines, Spot};
use super::{Table, table};
use crate::sync::{AtomicU64, thread_local};

// The two that are read at every count have no destructor, so that reading them checks nothing.
#[cfg(not(steadfast_loom))]
thread_local! {
    /// The lines of this thread's slab that it has used so far; none before it counts, and after it gave the slab back.
    static LINES: Cell<Lines> = const { Cell::new(&[]) };

    /// The number of this thread's slab, or [`NONE`].
    static SLAB: Cell<usize> = const { Cell::new(NONE) };
}
#[cfg(steadfast_loom)]
thread_local! {
    static LINES: Cell<Lines> = Cell::new(&[]);
    static SLAB: Cell<usize> = Cell::new(NONE);
}

thread_local! {
    /// Gives the slab back when the thread ends.
    static LEASE: Rc<Lease> = Rc::new(Lease::new(table()));
}

/// No slab has this number.
const NONE: usize = usize::MAX;

/// The right to write to a slab, held by its thread and by whatever keeps a cell of it. It cannot leave the thread, and
/// the slab goes back when the last holder is gone.
pub(crate) struct Lease {
    slab: usize,
    table: &'static Table,
}

/// The calling thread's cell at `spot`, if it was used by this thread before.
#[inline]
pub(crate) fn own_cell(spot: Spot) -> Option<&'static AtomicU64> {
    spot.of_lines(LINES.try_with(Cell::get).ok()?)
}

/// The number of the calling thread's slab; one that no slab has if there is none.
#[inline]
pub(crate) fn own_slab() -> usize {
    SLAB.try_with(Cell::get).unwrap_or(NONE)
}

impl Lease {
    /// The lease of this thread, taken at the first call; `None` when the thread is ending and has given it back.
    pub(crate) fn of_this_thread() -> Option<Rc<Self>> {
        LEASE.try_with(Rc::clone).ok()
    }

    /// The number of the slab.
    pub(crate) fn slab(&self) -> usize {
        self.slab
    }

    /// The cell at `spot`, made if need be; `None` where there are too many counters.
    pub(crate) fn cell(&self, spot: Spot) -> Option<&'static AtomicU64> {
        let lines = self.table.extend(self.slab, spot);
        let _ = LINES.try_with(|held| held.set(lines));
        spot.of_lines(lines)
    }

    fn new(table: &'static Table) -> Self {
        let (slab, lines) = table.adopt();
        let _ = SLAB.try_with(|held| held.set(slab));
        let _ = LINES.try_with(|held| held.set(lines));
        Self { slab, table }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let _ = SLAB.try_with(|held| held.set(NONE));
        let _ = LINES.try_with(|held| held.set(&[]));
        self.table.give_back(self.slab);
    }
}

//! Cells that one thread alone writes: how counting needs no read-modify-write that others can disturb.
//!
//! Every thread that counts has a slab of cells, one for each counter. It alone writes them, with a plain load and a plain
//! store; whoever wants a sum adds up the cells of all slabs. The ways in which such cells go wrong, and
//! what is done about them:
//!
//! - *A thread ends.* Its slab, cells and all, goes back to the [`Table`], and the next thread that begins to count adopts
//!   it and goes on adding to the same cells. Nothing is folded into anything, so that nothing can be lost or counted twice
//!   on the way, and there are never more slabs than threads were alive at once. Giving back and adopting pass through the
//!   table's lock, which orders the last store of the one before the first load of the other.
//! - *A counter ends.* Its number is given to another one, after its cells were zeroed. Only handles write, and the last of
//!   them is gone by then, so that no thread can be about to store.
//! - *A thread counts after its slab went back*, in the destructor of another thread-local: it uses a cell that the counter
//!   shares among all who have none of their own, by compare-exchange.

mod lease;
mod slab;
mod table;

pub(crate) use lease::{Lease, own_cell, own_slab};
pub(crate) use slab::Spot;
pub(crate) use table::{Table, table};

use crate::sync::{AtomicU64, Ordering};

/// Adds to a cell that only the calling thread writes. It branches where it could select: the next addition waits for the
/// result of this one, but not for a guess.
#[inline]
pub(crate) fn grow(cell: &AtomicU64, n: u64, order: Ordering) {
    match cell.load(Ordering::Relaxed).checked_add(n) {
        Some(sum) => cell.store(sum, order),
        None => saturate(cell, order),
    }
}

#[cold]
#[inline(never)]
fn saturate(cell: &AtomicU64, order: Ordering) {
    cell.store(u64::MAX, order);
}

/// Adds to a cell that several threads write, without ever wrapping: a plain `fetch_add` would show readers a wrapped sum
/// before anyone could mend it.
pub(crate) fn grow_shared(cell: &AtomicU64, n: u64) {
    let mut seen = cell.load(Ordering::Relaxed);
    while let Err(now) = cell.compare_exchange_weak(seen, seen.saturating_add(n), Ordering::Relaxed, Ordering::Relaxed)
    {
        seen = now;
    }
}

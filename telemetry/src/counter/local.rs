//! A counter resolved to the cell of one thread.

use std::fmt;
use std::rc::Rc;

use super::Counter;
use crate::shards::{Lease, grow, grow_shared};
use crate::sync::{AtomicU64, Ordering};

/// A handle on the calling thread's own cell of a [`Counter`]: one load and one store, and readers see them at once. Made by
/// [`Counter::local`]; it cannot be sent to another thread.
pub struct LocalCounter {
    /// `None` on a thread that is ending, or where there are too many counters.
    cell: Option<&'static AtomicU64>,
    counter: Counter,
    /// As long as this is held, no other thread is given the slab of the cell.
    _lease: Option<Rc<Lease>>,
}

impl LocalCounter {
    pub(super) fn new(counter: Counter) -> Self {
        let lease = Lease::of_this_thread();
        let cell = lease.as_ref().and_then(|lease| lease.cell(counter.spot));
        Self { cell, counter, _lease: lease }
    }

    /// Adds one.
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    /// Adds `n`.
    #[inline]
    pub fn add(&self, n: u64) {
        match self.cell {
            Some(cell) => grow(cell, n, Ordering::Relaxed),
            None => grow_shared(&self.counter.sum.rest, n),
        }
    }

    /// The sum over all threads so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.counter.get()
    }
}

impl fmt::Debug for LocalCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalCounter").field(&self.get()).finish()
    }
}

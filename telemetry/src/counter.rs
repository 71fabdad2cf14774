//! A number that only grows.

mod local;

use std::fmt;

pub use local::LocalCounter;

use crate::shards::{Lease, Spot, Table, grow, grow_shared, own_cell, table};
use crate::sync::{Arc, AtomicU64, Ordering, handles};

/// A handle on one sum; clones share it. Look it up once and keep it: counting needs no name and takes no lock.
///
/// Every thread adds to a cell of its own, which no other thread writes, and a reader adds the cells up. A cell takes 8 bytes
/// for each counter and thread (at most twice that, with what is kept ready), for as many threads as were alive at once:
/// a thread that ends leaves its cells to the next.
///
/// The sum saturates at `u64::MAX`, so that it never goes backwards.
///
/// ```
/// let requests = steadfast_telemetry::Counter::new();
/// requests.inc();
/// requests.clone().add(2);
/// assert_eq!(requests.get(), 3);
/// ```
#[derive(Clone)]
pub struct Counter {
    /// Here and not in the sum: one step less on the way to the cell.
    spot: Spot,
    sum: Arc<Sum>,
}

struct Sum {
    number: usize,
    table: &'static Table,
    /// What was added by threads that had no cell of their own.
    rest: AtomicU64,
}

impl Counter {
    /// A counter of its own, at zero. Counters that shall appear in a snapshot come from a [`Recorder`](crate::Recorder).
    #[must_use]
    pub fn new() -> Self {
        let table = table();
        let number = table.number();
        Self { spot: Spot::of(number), sum: Arc::new(Sum { number, table, rest: AtomicU64::new(0) }) }
    }

    /// Adds one.
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    /// Adds `n`.
    #[inline]
    pub fn add(&self, n: u64) {
        match own_cell(self.spot) {
            Some(cell) => grow(cell, n, Ordering::Relaxed),
            None => self.add_first(n),
        }
    }

    /// The sum so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.sum.table.sum(self.spot).saturating_add(self.sum.rest.load(Ordering::Relaxed))
    }

    /// The same counter for a loop on this thread, with its cell found already.
    ///
    /// ```
    /// let bytes = steadfast_telemetry::Counter::new();
    /// let local = bytes.local();
    /// (0..1000).for_each(|_| local.add(64));
    /// assert_eq!(bytes.get(), 64_000);
    /// ```
    #[must_use]
    pub fn local(&self) -> LocalCounter {
        LocalCounter::new(self.clone())
    }

    /// How many handles there are on this sum.
    pub(crate) fn handles(&self) -> usize {
        handles(&self.sum)
    }

    /// The first time that this thread adds to this counter, or after it gave its slab back.
    #[cold]
    fn add_first(&self, n: u64) {
        match Lease::of_this_thread().and_then(|lease| lease.cell(self.spot)) {
            Some(cell) => grow(cell, n, Ordering::Relaxed),
            None => grow_shared(&self.sum.rest, n),
        }
    }
}

impl Default for Counter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counter").field(&self.get()).finish()
    }
}

impl Drop for Sum {
    fn drop(&mut self) {
        self.table.free(self.number);
    }
}

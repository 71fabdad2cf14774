//! Which counters a thread uses.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

thread_local! {
    /// This thread's number, counted from the first that asked; `usize::MAX` before it asks.
    static MINE: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// This thread's number.
#[inline]
pub(super) fn mine() -> usize {
    match MINE.get() {
        usize::MAX => number(),
        mine => mine,
    }
}

#[cold]
fn number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    MINE.set(number);
    number
}

/// How many stripes are worth having: a power of two, a few times the processors, so that threads seldom meet.
pub(super) fn count() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        (2 * processors).next_power_of_two().clamp(4, 64)
    })
}

//! The line of waiters: whose turn it is, and how much is ahead of a newcomer.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use steadfast_clock::Nanos;
use tokio::sync::{Mutex, Notify};

/// How much of a timer's lateness is made up for, and by how much a waiter may outstay its deadline because of it.
/// Timers tick in milliseconds; a process that was suspended for longer is not owed a burst for it.
pub(crate) const LATENESS: Duration = Duration::from_millis(10);

/// Those who wait for one limiter, in order.
#[derive(Debug)]
pub(crate) struct Line {
    /// Tokio's mutex hands itself over in the order of asking, and forgets those who gave up.
    pub(crate) turn: Mutex<Turn>,
    /// Tells the head of the line that the quota has changed, or a pause has ended.
    pub(crate) changed: Notify,
    /// The cost of everyone in line.
    queued: AtomicU64,
}

/// The last grant in line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    /// The point that it was due at, and is stamped with.
    stamp: Nanos,
    /// When it was really given: later, by the lateness of the timer.
    given: Nanos,
}

impl Turn {
    /// The point that the next in line is judged at, who arrived at `arrived`: not before its arrival and not before
    /// the last grant, but as if the timer that woke that one had not been late.
    pub(crate) fn stamp(&self, arrived: Nanos, now: Nanos) -> Nanos {
        let late = if arrived.since(self.given) <= LATENESS { self.given.since(self.stamp) } else { Duration::ZERO };
        self.stamp.max(arrived.saturating_sub(late)).max(now.saturating_sub(LATENESS))
    }

    pub(crate) fn give(&mut self, stamp: Nanos, now: Nanos) {
        *self = Self { stamp, given: now };
    }
}

impl Line {
    pub(crate) const fn new() -> Self {
        Self {
            turn: Mutex::const_new(Turn { stamp: Nanos::ZERO, given: Nanos::ZERO }),
            changed: Notify::const_new(),
            queued: AtomicU64::new(0),
        }
    }

    /// Goes to the end of the line.
    pub(crate) fn join(&self, cost: u64) -> Place<'_> {
        let ahead = self.queued.fetch_add(cost, Ordering::AcqRel);
        Place { line: self, cost, ahead, counted: true }
    }
}

/// One waiter's place; whoever drops it has left the line.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    line: &'a Line,
    cost: u64,
    pub(crate) ahead: u64,
    counted: bool,
}

impl Place<'_> {
    /// Says whether the cost still counts as ahead of newcomers.
    pub(crate) fn count(&mut self, counted: bool) {
        if counted && !self.counted {
            self.line.queued.fetch_add(self.cost, Ordering::AcqRel);
        } else if !counted && self.counted {
            self.line.queued.fetch_sub(self.cost, Ordering::AcqRel);
        }
        self.counted = counted;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.count(false);
    }
}

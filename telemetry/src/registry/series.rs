//! One series of a registry: a handle, and when it was last in use.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use steadfast_clock::Nanos;

use crate::{Counter, Gauge, Histogram, HistogramSnapshot};

/// What the kinds of series have in common.
pub(super) trait Handle: Clone {
    /// What a snapshot holds of it.
    type Value: Default + PartialEq;

    /// How many handles there are; whoever sees that there is one sees all that was written through the others.
    fn handles(&self) -> usize;

    fn read(&self) -> Self::Value;

    /// Whether what a series holds can be added to that of another.
    const MOVES: bool;

    /// A handle on a new series of the same make.
    fn like(&self) -> Self;

    /// Adds what another series held.
    fn absorb(&self, value: &Self::Value);
}

/// A handle is kept here, too: nobody else uses the series when this is the only one.
pub(super) struct Series<H> {
    handle: H,
    /// Whether it was looked up, or someone held a handle, since its use was noted.
    used: AtomicBool,
    /// When it was last noted to be in use.
    since: AtomicU64,
}

impl<H: Handle> Series<H> {
    pub(super) fn new(handle: H, now: Nanos) -> Self {
        Self { handle, used: AtomicBool::new(false), since: AtomicU64::new(now.as_nanos()) }
    }

    /// A handle for someone who will use it.
    pub(super) fn hand_out(&self) -> H {
        if !self.used.load(Ordering::Relaxed) {
            self.used.store(true, Ordering::Relaxed);
        }
        self.handle.clone()
    }

    pub(super) fn read(&self) -> H::Value {
        self.handle.read()
    }

    pub(super) fn absorb(&self, value: &H::Value) {
        self.handle.absorb(value);
    }

    /// A handle on a new series of the same make.
    pub(super) fn like(&self) -> H {
        self.handle.like()
    }

    /// Takes it for used, since it cannot be let go.
    pub(super) fn keep(&self, now: Nanos) {
        self.since.store(now.as_nanos(), Ordering::Relaxed);
    }

    /// Notes and tells whether it is in use, or was since this was last done.
    pub(super) fn note(&self, now: Nanos) -> bool {
        let held = self.handle.handles() > 1;
        let used = self.used.swap(held, Ordering::Relaxed) || held;
        if used {
            self.since.store(now.as_nanos(), Ordering::Relaxed);
        }
        used
    }

    /// When it will be stale if nobody uses it.
    pub(super) fn stale_at(&self, after: Duration) -> Nanos {
        Nanos::from_nanos(self.since.load(Ordering::Relaxed)).saturating_add(after)
    }
}

impl Handle for Counter {
    type Value = u64;

    fn handles(&self) -> usize {
        self.handles()
    }

    fn read(&self) -> u64 {
        self.get()
    }

    const MOVES: bool = true;

    fn like(&self) -> Self {
        Self::new()
    }

    fn absorb(&self, value: &u64) {
        self.add(*value);
    }
}

impl Handle for Gauge {
    type Value = i64;

    fn handles(&self) -> usize {
        self.handles()
    }

    fn read(&self) -> i64 {
        self.get()
    }

    /// A level is of something that is still there.
    const MOVES: bool = false;

    fn like(&self) -> Self {
        Self::new()
    }

    fn absorb(&self, value: &i64) {
        self.add(*value);
    }
}

impl Handle for Histogram {
    type Value = HistogramSnapshot;

    fn handles(&self) -> usize {
        self.handles()
    }

    fn read(&self) -> HistogramSnapshot {
        self.snapshot()
    }

    const MOVES: bool = true;

    fn like(&self) -> Self {
        self.like()
    }

    fn absorb(&self, value: &HistogramSnapshot) {
        self.absorb(value);
    }
}

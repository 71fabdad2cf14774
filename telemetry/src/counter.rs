//! A number that only grows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A handle on one sum; clones share it. Look it up once and keep it: counting needs no name and takes no lock.
///
/// The sum saturates at `u64::MAX`, so that it never goes backwards.
///
/// ```
/// let requests = steadfast_telemetry::Counter::new();
/// requests.inc();
/// requests.clone().add(2);
/// assert_eq!(requests.get(), 3);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// A counter of its own, at zero. Counters that shall appear in a snapshot come from a [`Recorder`](crate::Recorder).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn inc(&self) {
        self.add(1);
    }

    /// Adds `n`.
    pub fn add(&self, n: u64) {
        saturating_add(&self.0, n);
    }

    /// The sum so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Adds without ever wrapping: a plain `fetch_add` would show readers a wrapped sum before anyone could mend it.
pub(crate) fn saturating_add(sum: &AtomicU64, n: u64) {
    let mut seen = sum.load(Ordering::Relaxed);
    while let Err(now) = sum.compare_exchange_weak(seen, seen.saturating_add(n), Ordering::Relaxed, Ordering::Relaxed) {
        seen = now;
    }
}

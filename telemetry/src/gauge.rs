//! A level that goes up and down.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A handle on one level, such as the number of open connections; clones share it.
///
/// The level stays within `i64`: it saturates at both ends.
///
/// ```
/// let open = steadfast_telemetry::Gauge::new();
/// open.add(3);
/// open.sub(1);
/// assert_eq!(open.get(), 2);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicI64>);

impl Gauge {
    /// A gauge of its own, at zero. Gauges that shall appear in a snapshot come from a [`Recorder`](crate::Recorder).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the level.
    pub fn set(&self, level: i64) {
        self.0.store(level, Ordering::Relaxed);
    }

    /// Raises the level by `n`.
    pub fn add(&self, n: i64) {
        self.change(|level| level.saturating_add(n));
    }

    /// Lowers the level by `n`.
    pub fn sub(&self, n: i64) {
        self.change(|level| level.saturating_sub(n));
    }

    /// The level now.
    #[must_use]
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn change(&self, to: impl Fn(i64) -> i64) {
        let mut seen = self.0.load(Ordering::Relaxed);
        while let Err(now) = self.0.compare_exchange_weak(seen, to(seen), Ordering::Relaxed, Ordering::Relaxed) {
            seen = now;
        }
    }
}

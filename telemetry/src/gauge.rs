//! A level that goes up and down.

mod held;
mod local;

use std::fmt;

pub use held::Held;
pub use local::LocalGauge;

use crate::sync::{Arc, AtomicI64, Ordering, handles};

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
#[derive(Clone)]
pub struct Gauge(Arc<AtomicI64>);

impl Gauge {
    /// A gauge of its own, at zero. Gauges that shall appear in a snapshot come from a [`Recorder`](crate::Recorder).
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(0)))
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

    /// Raises the level by `n` until the guard is dropped, also when that is a panic or a cancelled future.
    ///
    /// ```
    /// let open = steadfast_telemetry::Gauge::new();
    /// let held = open.hold(2);
    /// assert_eq!(open.get(), 2);
    /// drop(held);
    /// assert_eq!(open.get(), 0);
    /// ```
    #[must_use = "dropping the guard lowers the level again"]
    pub fn hold(&self, n: i64) -> Held {
        Held::new(self.clone(), n)
    }

    /// The same gauge for a loop on this thread: its changes are gathered, and made when it is flushed or dropped.
    ///
    /// ```
    /// let queued = steadfast_telemetry::Gauge::new();
    /// let local = queued.local();
    /// (0..1000).for_each(|_| local.add(1));
    /// assert_eq!(queued.get(), 0);
    /// drop(local);
    /// assert_eq!(queued.get(), 1000);
    /// ```
    #[must_use]
    pub fn local(&self) -> LocalGauge {
        LocalGauge::new(self.clone())
    }

    /// How many handles there are on this level.
    pub(crate) fn handles(&self) -> usize {
        handles(&self.0)
    }

    fn change(&self, to: impl Fn(i64) -> i64) {
        let mut seen = self.0.load(Ordering::Relaxed);
        while let Err(now) = self.0.compare_exchange_weak(seen, to(seen), Ordering::Relaxed, Ordering::Relaxed) {
            seen = now;
        }
    }
}

impl Default for Gauge {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gauge").field(&self.get()).finish()
    }
}

//! The recorder of a process: a bounded table of series.

mod builder;
mod series;
mod table;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use steadfast_clock::Clock;

pub use builder::RegistryBuilder;

use crate::{Counter, Gauge, Histogram, Key, Recorder, Snapshot, Window};
use table::Table;

/// A bounded table of series; clones share it. Looking up a series that is there takes one read lock and allocates nothing.
///
/// It keeps the first `max_series` counters and as many histograms under their own keys. A key beyond that is given the
/// series of the same name whose labels all say `other`, so that no value is lost and the sum over a name stays true.
/// There are at most 64 such series of each kind; past them everything goes to one unlabelled series named `other`.
///
/// ```
/// use steadfast_telemetry::{Key, Recorder, Registry};
///
/// let registry = Registry::with_max_series(1);
/// for host in ["a", "b", "c"] {
///     registry.counter(&Key::new("requests").label("host", host)).inc();
/// }
/// let snapshot = registry.snapshot();
/// assert_eq!(snapshot.counter(&Key::new("requests").label("host", "a")), 1);
/// assert_eq!(snapshot.counter(&Key::new("requests").label("host", "other")), 2);
/// assert_eq!(snapshot.counter_sum("requests"), 3);
/// ```
///
/// # Stale series
///
/// A series with labels that nobody has held a handle on or looked up for an hour (or as the
/// [builder](RegistryBuilder::stale_after) says) is let go when its room is needed, or by [`reap`](Self::reap). What it
/// counted goes to the series of its name whose labels all say `other`: the sum over a name never goes backwards. Gauges are
/// let go at level zero only. A key that is looked up again after that starts a new series at zero.
///
/// Time is read when a series is made, when room is looked for, and at snapshots, which also note which series are in use:
/// a series may be kept longer than that, never shorter.
#[derive(Clone)]
pub struct Registry(Arc<Tables>);

struct Tables {
    clock: Arc<dyn Clock + Send + Sync>,
    counters: Table<Counter>,
    gauges: Table<Gauge>,
    histograms: Table<Histogram>,
    /// Read by whoever takes a snapshot, written by whoever moves counts from one series to another: no snapshot sees them
    /// in both, or in neither.
    moving: RwLock<()>,
    bounds: Bounds,
}

/// What a registry holds at most, and for how long.
#[derive(Clone, Copy)]
struct Bounds {
    max_series: usize,
    stale_after: Option<Duration>,
}

impl Registry {
    /// A registry of at most 4,096 counters and as many histograms, whose stale series are let go after an hour.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A registry of at most `max_series` counters and as many histograms, and of those that collect the rest.
    #[must_use]
    pub fn with_max_series(max_series: usize) -> Self {
        Self::builder().max_series(max_series).build()
    }

    /// A registry with other bounds or another clock.
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder::new()
    }

    /// What comes from now on, beside all that was there before.
    #[must_use]
    pub fn window(&self) -> Window<Self> {
        Window::new(self.clone())
    }

    /// Lets all stale series go now; tells how many there were.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast_clock::ManualClock;
    /// use steadfast_telemetry::{Key, Recorder, Registry};
    ///
    /// let clock = ManualClock::new();
    /// let registry = Registry::builder().stale_after(Duration::from_secs(60)).clock(clock.clone()).build();
    /// registry.counter(&Key::new("requests").label("host", "gone")).add(3);
    /// registry.snapshot();
    /// clock.advance(Duration::from_secs(60));
    /// assert_eq!(registry.reap(), 1);
    /// assert_eq!(registry.snapshot().counter(&Key::new("requests").label("host", "other")), 3);
    /// ```
    pub fn reap(&self) -> usize {
        let Tables { counters, gauges, histograms, .. } = &*self.0;
        let (now, bounds) = (self.0.clock.now(), self.0.bounds);
        let _moving = self.0.moving.write().unwrap_or_else(PoisonError::into_inner);
        counters.reap(now, bounds) + gauges.reap(now, bounds) + histograms.reap(now, bounds)
    }

    fn with(bounds: Bounds, clock: Arc<dyn Clock + Send + Sync>) -> Self {
        let (counters, gauges, histograms) = (Table::new(), Table::new(), Table::new());
        Self(Arc::new(Tables { clock, counters, gauges, histograms, moving: RwLock::new(()), bounds }))
    }
}

impl Tables {
    /// The series of `key` in one of the tables.
    fn find<H: series::Handle>(&self, table: &Table<H>, key: &Key, make: fn() -> H) -> H {
        table.find(key).unwrap_or_else(|| table.make(key, make, self.clock.now(), self.bounds, &self.moving))
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Recorder for Registry {
    fn counter(&self, key: &Key) -> Counter {
        self.0.find(&self.0.counters, key, Counter::new)
    }

    fn gauge(&self, key: &Key) -> Gauge {
        self.0.find(&self.0.gauges, key, Gauge::new)
    }

    fn histogram(&self, key: &Key) -> Histogram {
        self.0.find(&self.0.histograms, key, Histogram::new)
    }

    fn histogram_sharded(&self, key: &Key) -> Histogram {
        self.0.find(&self.0.histograms, key, Histogram::sharded)
    }

    fn snapshot(&self) -> Snapshot {
        let _still = self.0.moving.read().unwrap_or_else(PoisonError::into_inner);
        let now = self.0.clock.now();
        let mut snapshot = Snapshot::new();
        snapshot.counters = self.0.counters.read(now);
        snapshot.gauges = self.0.gauges.read(now);
        snapshot.histograms = self.0.histograms.read(now);
        snapshot
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("counters", &self.0.counters.len())
            .field("gauges", &self.0.gauges.len())
            .field("histograms", &self.0.histograms.len())
            .field("max_series", &self.0.bounds.max_series)
            .finish()
    }
}

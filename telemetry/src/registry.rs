//! The recorder of a process: a bounded table of series.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use crate::{Counter, Gauge, Histogram, Key, Recorder, Snapshot};

/// A bounded table of series; clones share it.
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
#[derive(Clone)]
pub struct Registry(Arc<Tables>);

struct Tables {
    max_series: usize,
    counters: Table<Counter>,
    gauges: Table<Gauge>,
    histograms: Table<Histogram>,
}

type Table<H> = RwLock<Series<H>>;

struct Series<H> {
    by_key: HashMap<Key, H>,
    /// How many of them were made beyond the bound.
    surplus: usize,
}

/// As many series of each kind as a registry keeps unless told otherwise.
const MAX_SERIES: usize = 4096;

/// Series that collect what is beyond the bound. Their names come from code, so that few are enough.
const MAX_SURPLUS: usize = 64;

impl Registry {
    /// A registry of at most 4,096 counters and as many histograms.
    #[must_use]
    pub fn new() -> Self {
        Self::with_max_series(MAX_SERIES)
    }

    /// A registry of at most `max_series` counters and as many histograms, and of those that collect the rest.
    #[must_use]
    pub fn with_max_series(max_series: usize) -> Self {
        let (counters, gauges, histograms) = (Table::default(), Table::default(), Table::default());
        Self(Arc::new(Tables { max_series, counters, gauges, histograms }))
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Recorder for Registry {
    fn counter(&self, key: &Key) -> Counter {
        look_up(&self.0.counters, key, self.0.max_series)
    }

    fn gauge(&self, key: &Key) -> Gauge {
        look_up(&self.0.gauges, key, self.0.max_series)
    }

    fn histogram(&self, key: &Key) -> Histogram {
        look_up(&self.0.histograms, key, self.0.max_series)
    }

    fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::new();
        snapshot.counters = copy(&self.0.counters, Counter::get);
        snapshot.gauges = copy(&self.0.gauges, Gauge::get);
        snapshot.histograms = copy(&self.0.histograms, Histogram::snapshot);
        snapshot
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("counters", &len(&self.0.counters))
            .field("gauges", &len(&self.0.gauges))
            .field("histograms", &len(&self.0.histograms))
            .field("max_series", &self.0.max_series)
            .finish()
    }
}

impl<H> Default for Series<H> {
    fn default() -> Self {
        Self { by_key: HashMap::new(), surplus: 0 }
    }
}

fn look_up<H: Clone + Default>(table: &Table<H>, key: &Key, max_series: usize) -> H {
    if let Some(handle) = table.read().unwrap_or_else(PoisonError::into_inner).by_key.get(key) {
        return handle.clone();
    }
    table.write().unwrap_or_else(PoisonError::into_inner).make(key, max_series)
}

impl<H: Clone + Default> Series<H> {
    /// The series of `key`, or the one that collects for it.
    fn make(&mut self, key: &Key, max_series: usize) -> H {
        if let Some(handle) = self.by_key.get(key) {
            return handle.clone(); // made by another thread since we looked
        }
        if self.by_key.len() - self.surplus < max_series {
            return self.by_key.entry(key.clone()).or_default().clone();
        }
        let key = key.surplus();
        if let Some(handle) = self.by_key.get(&key) {
            return handle.clone();
        }
        // The last of the surplus series is kept for the key of last resort.
        let key = if self.surplus < MAX_SURPLUS - 1 { key } else { Key::last_resort() };
        let before = self.by_key.len();
        let handle = self.by_key.entry(key).or_default().clone();
        self.surplus += self.by_key.len() - before;
        handle
    }
}

/// Copies what `read` sees. The handles are cloned first, so that reading them does not hold up whoever makes a series.
fn copy<H: Clone, V, M: FromIterator<(Key, V)>>(table: &Table<H>, read: impl Fn(&H) -> V) -> M {
    let series: Vec<(Key, H)> = {
        let table = table.read().unwrap_or_else(PoisonError::into_inner);
        table.by_key.iter().map(|(key, handle)| (key.clone(), handle.clone())).collect()
    };
    series.into_iter().map(|(key, handle)| (key, read(&handle))).collect()
}

fn len<H>(table: &Table<H>) -> usize {
    table.read().unwrap_or_else(PoisonError::into_inner).by_key.len()
}

//! From a recorder into the facade.

use metrics::{Key as FacadeKey, Label, Level, Metadata, with_recorder};

use super::super::unit::Unit;
use crate::{Key, Recorder, Snapshot};

/// Pushes what a recorder holds into the recorder that is installed in the facade, as often as it is told to.
///
/// Counters grow by what came since the last time, levels are set, and histograms get the values that came: each as the
/// highest of its bucket, less than 1/128 above what was recorded. Durations become seconds and their names end in
/// `_seconds`; a counter of nanoseconds is pushed in whole ones under its own name, because the facade counts in whole
/// numbers.
///
/// ```
/// use steadfast_telemetry::export::metrics::{Facade, Publisher};
/// use steadfast_telemetry::{Key, Recorder, Registry};
///
/// let (registry, theirs) = (Registry::new(), Registry::new());
/// let mut publisher = Publisher::new(registry.clone());
/// registry.counter(&Key::new("requests")).add(2);
/// // In a program a recorder is installed once, and `publish` is called every few seconds.
/// metrics::with_local_recorder(&Facade::new(theirs.clone()), || publisher.publish());
/// assert_eq!(theirs.snapshot().counter_sum("requests"), 2);
/// ```
pub struct Publisher<R> {
    recorder: R,
    told: Snapshot,
}

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

impl<R: Recorder> Publisher<R> {
    /// A publisher of `recorder` that has told nothing yet.
    #[must_use]
    pub fn new(recorder: R) -> Self {
        Self { recorder, told: Snapshot::new() }
    }

    /// Pushes what came since the last time.
    pub fn publish(&mut self) {
        let now = self.recorder.snapshot();
        let added = now.since(&self.told);
        with_recorder(|facade| {
            for (key, n) in &added.counters {
                facade.register_counter(&facade_key(key, key.name()), &METADATA).increment(*n);
            }
            for (key, level) in &added.gauges {
                let (unit, name) = renamed(key);
                facade.register_gauge(&facade_key(key, &name), &METADATA).set(unit.scale_level(*level));
            }
            for (key, histogram) in &added.histograms {
                let (unit, name) = renamed(key);
                let theirs = facade.register_histogram(&facade_key(key, &name), &METADATA);
                let max = histogram.max().unwrap_or(u64::MAX);
                for (_, highest, n) in histogram.buckets() {
                    theirs.record_many(unit.scale(highest.min(max)), usize::try_from(n).unwrap_or(usize::MAX));
                }
            }
        });
        self.told = now;
    }
}

/// How many series it has told of; a recorder need not be `Debug`.
impl<R> std::fmt::Debug for Publisher<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let series = self.told.counters.len() + self.told.gauges.len() + self.told.histograms.len();
        f.debug_struct("Publisher").field("series", &series).finish_non_exhaustive()
    }
}

fn renamed(key: &Key) -> (Unit, String) {
    match Unit::of(key.name()) {
        (Unit::Duration, stem) => (Unit::Duration, format!("{stem}_seconds")),
        (unit, _) => (unit, key.name().to_owned()),
    }
}

fn facade_key(key: &Key, name: &str) -> FacadeKey {
    let labels: Vec<Label> = key.labels().map(|(name, value)| Label::new(name.to_owned(), value.to_owned())).collect();
    FacadeKey::from_parts(name.to_owned(), labels)
}

//! From the facade into a recorder.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use metrics::{
    Counter as FacadeCounter, CounterFn, Gauge as FacadeGauge, GaugeFn, Histogram as FacadeHistogram, HistogramFn,
    Key as FacadeKey, KeyName, Metadata, SharedString, Unit,
};

use crate::{Counter, Gauge, Histogram, Key, Recorder};

/// A recorder of the facade that keeps everything in a recorder of ours.
///
/// Levels and values of histograms are whole numbers here: they are rounded, and a value below zero is recorded as zero.
/// Durations therefore become nanoseconds, and their names end in `_ns`: those whose names end in `_seconds`, which is
/// dropped, and those that were described with a unit of time before they were used.
///
/// ```
/// use std::time::Duration;
/// use steadfast_telemetry::export::metrics::Facade;
/// use steadfast_telemetry::{Recorder, Registry};
///
/// let registry = Registry::new();
/// metrics::with_local_recorder(&Facade::new(registry.clone()), || {
///     metrics::histogram!("latency_seconds").record(Duration::from_millis(20));
/// });
/// assert_eq!(registry.snapshot().histogram_sum("latency_ns").sum(), 20_000_000);
/// ```
pub struct Facade<R> {
    recorder: R,
    /// Nanoseconds in one unit, of those described with a unit of time.
    described: Mutex<HashMap<KeyName, f64>>,
    /// Held by whoever raises a counter to a sum.
    raising: Arc<Mutex<()>>,
}

const NANOS_PER_SECOND: f64 = 1e9;

impl<R: Recorder> Facade<R> {
    /// A recorder of the facade in front of `recorder`.
    #[must_use]
    pub fn new(recorder: R) -> Self {
        Self { recorder, described: Mutex::default(), raising: Arc::default() }
    }

    fn describe(&self, name: KeyName, unit: Option<Unit>) {
        let nanos = match unit {
            Some(Unit::Seconds) => NANOS_PER_SECOND,
            Some(Unit::Milliseconds) => 1e6,
            Some(Unit::Microseconds) => 1e3,
            Some(Unit::Nanoseconds) => 1.0,
            _ => return,
        };
        self.described.lock().unwrap_or_else(PoisonError::into_inner).insert(name, nanos);
    }

    /// The series of a key of the facade, and what one of its units is here.
    fn series(&self, key: &FacadeKey) -> (Key, f64) {
        let described = self.described.lock().unwrap_or_else(PoisonError::into_inner).get(key.name()).copied();
        let name = key.name();
        let (name, scale) = match (name.strip_suffix("_seconds"), described) {
            (Some(stem), scale) => (format!("{stem}_ns"), scale.unwrap_or(NANOS_PER_SECOND)),
            (None, Some(scale)) if name.ends_with("_ns") => (name.to_owned(), scale),
            (None, Some(scale)) => (format!("{name}_ns"), scale),
            (None, None) => (name.to_owned(), 1.0),
        };
        (labelled(key, name), scale)
    }
}

/// A recorder need not be `Debug`.
impl<R> fmt::Debug for Facade<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facade").finish_non_exhaustive()
    }
}

impl<R: Recorder> metrics::Recorder for Facade<R> {
    /// The facade counts in whole numbers, so do we: a counter needs no unit.
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(name, unit);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(name, unit);
    }

    fn register_counter(&self, key: &FacadeKey, _: &Metadata<'_>) -> FacadeCounter {
        let counter = self.recorder.counter(&labelled(key, key.name().to_owned()));
        FacadeCounter::from_arc(Arc::new(Counted { counter, raising: Arc::clone(&self.raising) }))
    }

    fn register_gauge(&self, key: &FacadeKey, _: &Metadata<'_>) -> FacadeGauge {
        let (key, scale) = self.series(key);
        FacadeGauge::from_arc(Arc::new(Levelled { gauge: self.recorder.gauge(&key), scale }))
    }

    fn register_histogram(&self, key: &FacadeKey, _: &Metadata<'_>) -> FacadeHistogram {
        let (key, scale) = self.series(key);
        FacadeHistogram::from_arc(Arc::new(Recorded { histogram: self.recorder.histogram(&key), scale }))
    }
}

struct Counted {
    counter: Counter,
    raising: Arc<Mutex<()>>,
}

impl CounterFn for Counted {
    fn increment(&self, value: u64) {
        self.counter.add(value);
    }

    fn absolute(&self, value: u64) {
        let _raising = self.raising.lock().unwrap_or_else(PoisonError::into_inner);
        self.counter.add(value.saturating_sub(self.counter.get()));
    }
}

struct Levelled {
    gauge: Gauge,
    scale: f64,
}

impl GaugeFn for Levelled {
    fn increment(&self, value: f64) {
        self.gauge.add(whole_level(value * self.scale));
    }

    fn decrement(&self, value: f64) {
        self.gauge.sub(whole_level(value * self.scale));
    }

    fn set(&self, value: f64) {
        self.gauge.set(whole_level(value * self.scale));
    }
}

struct Recorded {
    histogram: Histogram,
    scale: f64,
}

impl HistogramFn for Recorded {
    fn record(&self, value: f64) {
        self.histogram.record(whole(value * self.scale));
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a float to integer cast saturates")]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

#[expect(clippy::cast_possible_truncation, reason = "a float to integer cast saturates")]
fn whole_level(value: f64) -> i64 {
    value.round() as i64
}

fn labelled(key: &FacadeKey, name: String) -> Key {
    key.labels().fold(Key::new(name), |key, label| key.label(label.key().to_owned(), label.value().to_owned()))
}

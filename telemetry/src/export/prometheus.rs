//! For Prometheus: a collector that mounts in the [`prometheus_client`] registry that a program has.
//!
//! ```
//! use std::time::Duration;
//! use steadfast_telemetry::export::prometheus::Exporter;
//! use steadfast_telemetry::{Key, Recorder, Registry};
//!
//! let ours = Registry::new();
//! ours.counter(&Key::new("requests").label("host", "a")).add(3);
//! ours.counter(&Key::new("busy_ns")).add(1_500_000_000);
//!
//! let mut theirs = prometheus_client::registry::Registry::default();
//! theirs.register_collector(Box::new(Exporter::new(ours)));
//!
//! let mut text = String::new();
//! prometheus_client::encoding::text::encode(&mut text, &theirs)?;
//! let lines: Vec<&str> = text.lines().collect();
//! assert_eq!(lines, [
//!     "# HELP busy_seconds busy_ns, in seconds",
//!     "# TYPE busy_seconds counter",
//!     "# UNIT busy_seconds seconds",
//!     "busy_seconds_total 1.5",
//!     "# HELP requests requests",
//!     "# TYPE requests counter",
//!     "requests_total{host=\"a\"} 3",
//!     "# EOF",
//! ]);
//! # Ok::<(), std::fmt::Error>(())
//! ```
//!
//! # Names
//!
//! What is not a letter, a digit or `_` in a name becomes `_`. Counters end in `_total`, durations in `_seconds`. A label
//! of a histogram called `le` is called `le_`. Series that the change makes one are added up. Where a name is given to
//! different kinds of series, or would be that of another's lines, the first keeps it and the others have their kind at
//! the end, such as `_gauge`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry;

use super::Bounds;
use super::family::{Family, Labels, Value, between, series};
use super::unit::Unit;
use crate::{Key, Recorder, Snapshot};

/// Tells a registry of Prometheus what a recorder holds at each scrape.
#[derive(Clone)]
pub struct Exporter<R> {
    recorder: R,
    bounds: Bounds,
    totals: bool,
}

impl<R: Recorder> Exporter<R> {
    /// An exporter of `recorder`, with the usual bounds of buckets.
    #[must_use]
    pub fn new(recorder: R) -> Self {
        Self { recorder, bounds: Bounds::new(), totals: true }
    }

    /// The same with other bounds of buckets.
    #[must_use]
    pub fn bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// The same without [totals](super#totals).
    #[must_use]
    pub fn without_totals(mut self) -> Self {
        self.totals = false;
        self
    }
}

impl<R> Exporter<R> {
    fn families(&self, snapshot: &Snapshot) -> BTreeMap<String, Exposed> {
        let (mut families, mut taken) = (BTreeMap::<String, Exposed>::new(), BTreeSet::new());
        for (key, value) in series(snapshot, self.totals, |name| self.bounds.of(name)) {
            let kind = value.kind();
            let (unit, mut name) = exposed_name(key.name(), kind);
            loop {
                match families.get(&name) {
                    Some(there) if (there.kind, there.unit) == (kind, unit) => break,
                    None if lines(&name, kind).is_disjoint(&taken) => break,
                    _ => name = format!("{name}_{kind}"),
                }
            }
            taken.append(&mut lines(&name, kind));
            let family = Family::default();
            let exposed = Exposed { original: key.name().to_owned(), unit, kind, family };
            families.entry(name).or_insert(exposed).family.put(labels(key, kind), value);
        }
        families
    }
}

impl<R: Recorder + 'static> Collector for Exporter<R> {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (name, exposed) in self.families(&self.recorder.snapshot()) {
            exposed.encode(&name, &mut encoder)?;
        }
        Ok(())
    }
}

/// The bounds; a recorder need not be `Debug`.
impl<R> fmt::Debug for Exporter<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

/// A family with what its first lines say.
struct Exposed {
    original: String,
    unit: Unit,
    kind: &'static str,
    family: Family,
}

impl Exposed {
    fn encode(&self, name: &str, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Duration => Some(registry::Unit::Seconds),
            Unit::Bytes => Some(registry::Unit::Bytes),
            Unit::None => None,
        };
        // The encoder puts the unit behind the name.
        let stem = unit.as_ref().and_then(|unit| name.strip_suffix(unit.as_str())?.strip_suffix('_'));
        let (stem, unit) = stem.map_or((name, None), |stem| (stem, unit.as_ref()));
        let kind = match self.kind {
            "counter" => MetricType::Counter,
            "gauge" => MetricType::Gauge,
            _ => MetricType::Histogram,
        };
        let mut encoder = encoder.encode_descriptor(stem, &self.help(), unit, kind)?;
        for (labels, value) in &self.family.series {
            if labels.is_empty() {
                encode(value, self.unit, &mut encoder)?;
            } else {
                encode(value, self.unit, &mut encoder.encode_family(labels)?)?;
            }
        }
        Ok(())
    }

    /// What it is called here.
    fn help(&self) -> String {
        let name = self.original.replace('\\', "\\\\").replace('\n', "\\n");
        if self.unit == Unit::Duration { format!("{name}, in seconds") } else { name }
    }
}

fn encode(value: &Value, unit: Unit, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
    let no_exemplar = None::<&Exemplar<NoLabelSet, f64>>;
    match value {
        Value::Counter(sum) if unit == Unit::Duration => encoder.encode_counter(&unit.scale(*sum), no_exemplar),
        Value::Counter(sum) => encoder.encode_counter(sum, no_exemplar),
        Value::Gauge(level) if unit == Unit::Duration => encoder.encode_gauge(&unit.scale_level(*level)),
        Value::Gauge(level) => encoder.encode_gauge(level),
        Value::Histogram(histogram, bounds) => {
            let ends = bounds.iter().map(|bound| unit.scale(*bound)).chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = ends.zip(between(histogram, bounds)).collect();
            encoder.encode_histogram::<NoLabelSet>(unit.scale(histogram.sum()), histogram.count(), &buckets, None)
        }
    }
}

/// What the lines of a family begin with.
fn lines(name: &str, kind: &str) -> BTreeSet<String> {
    let ends: &[&str] = match kind {
        "counter" => &["", "_total"],
        "histogram" => &["", "_bucket", "_count", "_sum"],
        _ => &[""],
    };
    ends.iter().map(|end| format!("{name}{end}")).collect()
}

/// The unit of a series, and its name with the unit at the end; what is counted in total has no word for it yet.
fn exposed_name(name: &str, kind: &str) -> (Unit, String) {
    let (unit, stem) = Unit::of(name);
    let stem = sanitised(if kind == "counter" { stem.strip_suffix("_total").unwrap_or(stem) } else { stem });
    match unit {
        Unit::Duration => (unit, stem + "_seconds"),
        Unit::Bytes => (unit, stem + "_bytes"),
        Unit::None => (unit, stem),
    }
}

fn labels(key: &Key, kind: &str) -> Labels {
    let mut labels = Labels::new();
    for (name, value) in key.labels() {
        let mut name = sanitised(name);
        // Two underscores in front are Prometheus's own, and so is the bound of a bucket.
        if name.starts_with("__") {
            name = format!("label{name}");
        }
        while (kind == "histogram" && name == "le") || labels.iter().any(|(there, _)| *there == name) {
            name.push('_');
        }
        labels.push((name, value.to_owned()));
    }
    labels
}

fn sanitised(name: &str) -> String {
    let digit_first = name.chars().next().is_none_or(|first| first.is_ascii_digit());
    let kept = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    digit_first.then_some('_').into_iter().chain(kept).collect()
}

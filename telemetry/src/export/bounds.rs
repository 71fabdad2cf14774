//! Where the buckets of an exported histogram end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The upper bounds of the buckets into which histograms are exported. A histogram here has buckets of 1/128 of their
/// value; a bucket that reaches beyond a bound is counted with the next one, so that a value just below a bound, by less
/// than 0.8 % of it, may be too.
///
/// ```
/// use std::time::Duration;
/// use steadfast_telemetry::export::Bounds;
///
/// let bounds = Bounds::new()
///     .durations([10, 100, 1000].map(Duration::from_millis))
///     .named("pool_body_bytes", [1 << 10, 1 << 20]);
/// # let _ = bounds;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    durations: BTreeSet<u64>,
    amounts: BTreeSet<u64>,
    named: BTreeMap<String, BTreeSet<u64>>,
}

/// Of `http.client.request.duration`, in milliseconds.
const HTTP: [u64; 14] = [5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];

/// Of `gen_ai.client.operation.duration`, in milliseconds.
#[cfg(feature = "otlp")]
const GEN_AI: [u64; 14] = [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 5_120, 10_240, 20_480, 40_960, 81_920];

const NANOS_PER_MILLI: u64 = 1_000_000;

impl Bounds {
    /// For durations the bounds that OpenTelemetry advises for HTTP, 5 ms to 10 s; for everything else those that it
    /// advises for tokens, the powers of 4 up to 4¹³.
    #[must_use]
    pub fn new() -> Self {
        Self {
            durations: HTTP.iter().map(|millis| millis * NANOS_PER_MILLI).collect(),
            amounts: (0..14).map(|power| 1 << (2 * power)).collect(),
            named: BTreeMap::new(),
        }
    }

    /// Those of histograms whose names end in `_ns`. Their order does not matter.
    #[must_use]
    pub fn durations(mut self, bounds: impl IntoIterator<Item = Duration>) -> Self {
        let nanos = |bound: Duration| u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        self.durations = bounds.into_iter().map(nanos).collect();
        self
    }

    /// Those of all other histograms. Their order does not matter.
    #[must_use]
    pub fn amounts(mut self, bounds: impl IntoIterator<Item = u64>) -> Self {
        self.amounts = bounds.into_iter().collect();
        self
    }

    /// Those of the histograms of one name, in its own unit: nanoseconds when it ends in `_ns`.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>, bounds: impl IntoIterator<Item = u64>) -> Self {
        self.named.insert(name.into(), bounds.into_iter().collect());
        self
    }

    /// The bounds of the histograms called `name`, ascending, each once.
    pub(super) fn of(&self, name: &str) -> Vec<u64> {
        let default = if name.ends_with("_ns") { &self.durations } else { &self.amounts };
        self.named.get(name).unwrap_or(default).iter().copied().collect()
    }

    /// The same, with these for the durations of generated answers where nothing else was said.
    #[cfg(feature = "otlp")]
    pub(super) fn of_generation(&self, name: &str) -> Vec<u64> {
        if self.named.contains_key(name) || self.durations != Self::new().durations {
            return self.of(name);
        }
        GEN_AI.iter().map(|millis| millis * NANOS_PER_MILLI).collect()
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self::new()
    }
}

//! For OpenTelemetry: a snapshot as the body of an OTLP/HTTP request in JSON.
//!
//! Any collector takes it: `POST /v1/metrics` with `content-type: application/json`, and the JSON encoding of
//! `ExportMetricsServiceRequest` that OTLP 1 keeps stable. Values are cumulative since the exporter's start.
//!
//! This is the one way out to OpenTelemetry, and it needs no crate of theirs. Their SDK takes no histogram that is
//! aggregated already (what produces metrics for its readers is private, as of `opentelemetry_sdk` 0.33), so that an
//! instrument of theirs could carry counters and levels only, and a 0.x type would be in a signature here.
//!
//! ```
//! use steadfast_clock::UnixNanos;
//! use steadfast_telemetry::export::otlp::Exporter;
//! use steadfast_telemetry::{Calls, Recorder, Registry};
//!
//! let registry = Registry::new();
//! let started = UnixNanos::from_nanos(1_000);
//! let exporter = Exporter::new(started).resource("service.name", "checkout");
//!
//! Calls::new(registry.clone(), "llm").model("small-1").tokens(1_200, 80);
//! let body = exporter.json(&registry.snapshot(), UnixNanos::from_nanos(2_000));
//! assert!(body.contains("gen_ai.client.token.usage"));
//! ```
//!
//! # Names
//!
//! [`Conventions`] turn series of [`Calls`](crate::Calls) into those that the semantic conventions name, by their prefix.
//! All others keep their names, durations without `_ns` and with the unit `s`, and amounts without `_bytes` and with
//! `By`.
//!
//! | series | name | unit |
//! |---|---|---|
//! | `pool_attempt_latency_ns` | `http.client.request.duration` | `s` |
//! | `pool_active` | `http.client.active_requests` | `{request}` |
//! | `llm_call_latency_ns` | `gen_ai.client.operation.duration` | `s` |
//! | `llm_tokens_in` | `gen_ai.client.token.usage`, `gen_ai.token.type` = `input` | `{token}` |
//! | `llm_tokens_out` | `gen_ai.client.token.usage`, `gen_ai.token.type` = `output` | `{token}` |
//!
//! Where the registry has series called `gen_ai.client.…` itself, as the clients of `steadfast-providers` keep them, those
//! of `llm` keep their names: nothing is told twice.
//!
//! | label | attribute |
//! |---|---|
//! | `host` | `server.address`, and `server.port` if it has one |
//! | `status` | `http.response.status_code` |
//! | `error` | `error.type` |
//! | `model` | `gen_ai.request.model` |
//! | `provider` | `gen_ai.provider.name` |
//! | `operation` | `gen_ai.operation.name` |
//!
//! An attribute that no label carries, such as the method, is absent. Histograms have the bounds that the conventions
//! advise, unless [`Bounds`] say otherwise.

mod conventions;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use steadfast_clock::UnixNanos;

use super::Bounds;
use super::family::{Family, Labels, Value, between, series};
use super::unit::Unit;
use crate::Snapshot;
pub use conventions::Conventions;
use conventions::Name;

/// Writes snapshots as OTLP in JSON.
#[derive(Clone, Debug)]
pub struct Exporter {
    started: UnixNanos,
    resource: Labels,
    conventions: Conventions,
    bounds: Bounds,
    totals: bool,
}

/// `AGGREGATION_TEMPORALITY_CUMULATIVE`
const CUMULATIVE: u8 = 2;

impl Exporter {
    /// An exporter of what was recorded since `started`, the time at which the recorder was made. It knows the usual
    /// conventions and bounds.
    #[must_use]
    pub fn new(started: UnixNanos) -> Self {
        let (resource, conventions, bounds) = (Labels::new(), Conventions::default(), Bounds::new());
        Self { started, resource, conventions, bounds, totals: true }
    }

    /// Tells one attribute more of what sends, such as `service.name`.
    #[must_use]
    pub fn resource(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.resource.push((name.into(), value.into()));
        self
    }

    /// The same with other conventions.
    #[must_use]
    pub fn conventions(mut self, conventions: Conventions) -> Self {
        self.conventions = conventions;
        self
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

    /// The body of a request: `snapshot`, taken at `now`.
    #[must_use]
    pub fn json(&self, snapshot: &Snapshot, now: UnixNanos) -> String {
        let metrics: Vec<Json> =
            self.families(snapshot).iter().map(|(name, rows)| self.metric(name, rows, now)).collect();
        let scope = json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") });
        let resource = json!({ "attributes": attributes(&self.resource) });
        let scoped = json!({ "scope": scope, "metrics": metrics });
        json!({ "resourceMetrics": [{ "resource": resource, "scopeMetrics": [scoped] }] }).to_string()
    }

    fn families(&self, snapshot: &Snapshot) -> BTreeMap<Name, Family> {
        let mut families = BTreeMap::<Name, Family>::new();
        let bounds = |name: &str| self.conventions.bounds(name, &self.bounds);
        let told = snapshot.histograms.keys().any(|key| conventions::is_told(key.name()));
        for (key, value) in series(snapshot, self.totals, bounds) {
            let (name, labels) = self.conventions.of(key, value.kind(), told);
            families.entry(name).or_default().put(labels, value);
        }
        families
    }

    fn metric(&self, name: &Name, family: &Family, now: UnixNanos) -> Json {
        let points: Vec<Json> =
            family.series.iter().map(|(labels, value)| self.point(name, labels, value, now)).collect();
        let mut data = json!({ "dataPoints": points });
        if name.form != "gauge" {
            data["aggregationTemporality"] = CUMULATIVE.into();
        }
        if name.form == "sum" {
            data["isMonotonic"] = name.grows.into();
        }
        json!({ "name": name.text, "unit": name.unit, name.form: data })
    }

    fn point(&self, name: &Name, labels: &Labels, value: &Value, now: UnixNanos) -> Json {
        let unit = name.scale;
        let mut point = match value {
            Value::Counter(sum) if unit == Unit::Duration => json!({ "asDouble": unit.scale(*sum) }),
            Value::Counter(sum) => json!({ "asInt": i64::try_from(*sum).unwrap_or(i64::MAX).to_string() }),
            Value::Gauge(level) if unit == Unit::Duration => json!({ "asDouble": unit.scale_level(*level) }),
            Value::Gauge(level) => json!({ "asInt": level.to_string() }),
            Value::Histogram(histogram, bounds) => {
                let counts: Vec<String> = between(histogram, bounds).iter().map(u64::to_string).collect();
                let bounds: Vec<f64> = bounds.iter().map(|bound| unit.scale(*bound)).collect();
                let mut point = json!({
                    "count": histogram.count().to_string(),
                    "sum": unit.scale(histogram.sum()),
                    "bucketCounts": counts,
                    "explicitBounds": bounds,
                });
                if let Some(max) = histogram.max() {
                    point["max"] = unit.scale(max).into();
                }
                point
            }
        };
        point["attributes"] = attributes(labels);
        point["startTimeUnixNano"] = self.started.as_nanos().to_string().into();
        point["timeUnixNano"] = now.as_nanos().to_string().into();
        point
    }
}

fn attributes(labels: &Labels) -> Json {
    let value = |(name, value): &(String, String)| match value.parse::<u16>() {
        Ok(number) if conventions::is_number(name) => json!({ "intValue": number.to_string() }),
        _ => json!({ "stringValue": value }),
    };
    labels.iter().map(|label| json!({ "key": label.0, "value": value(label) })).collect()
}

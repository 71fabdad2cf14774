//! A snapshot in the form that others read: Prometheus, OpenTelemetry, the `metrics` facade, and JSON.
//!
//! None of them is in the core: each is behind a feature of its name, reads snapshots only, and costs nothing where
//! something is recorded.
//!
//! # Units
//!
//! What a name ends in tells its unit: `_ns` is a duration in nanoseconds, `_bytes` an amount of bytes, anything else a
//! plain number. Durations leave as seconds, which is what the others count in, with the suffix changed to match:
//! `pool_call_latency_ns` is `pool_call_latency_seconds` in Prometheus, and `pool_call_latency` with the unit `s` in
//! OpenTelemetry. Counts stay whole, and counters below 2⁵³ ns (104 days) become the nearest `f64` of seconds.
//!
//! # Totals
//!
//! [`Calls`](crate::Calls) counts a call in the scope without labels, and in those with labels. Both are exported, so that
//! neither is lost: some calls may be in the total alone. Whoever sums over labels leaves it out, as in
//! `sum(pool_requests_total{host!=""})`, or has it left out: `without_totals` drops the series for which there are others
//! of the same name with the same labels and more.

#[cfg(any(feature = "prometheus", feature = "otlp"))]
mod bounds;
#[cfg(any(feature = "prometheus", feature = "otlp"))]
mod family;
#[cfg(any(feature = "prometheus", feature = "otlp", feature = "metrics"))]
mod unit;

#[cfg(feature = "json")]
pub mod json;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "otlp")]
pub mod otlp;
#[cfg(feature = "prometheus")]
pub mod prometheus;

#[cfg(any(feature = "prometheus", feature = "otlp"))]
pub use bounds::Bounds;

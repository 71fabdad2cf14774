//! The laws of exporting, against a count of the exact values.

use std::time::Duration;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use steadfast_telemetry::export::Bounds;
use steadfast_telemetry::{Key, Recorder, Registry};

/// Values of every magnitude, of which hundreds do not overflow a sum.
fn value() -> impl Strategy<Value = u64> {
    (any::<u64>(), 12u32..64).prop_map(|(bits, shift)| bits >> shift)
}

/// A histogram of these values, under a name with and without a unit, and bounds of its buckets.
fn registry(name: &'static str, values: &[u64]) -> Registry {
    let registry = Registry::new();
    let histogram = registry.histogram(&Key::new(name));
    values.iter().for_each(|value| histogram.record(*value));
    registry
}

/// Names that become each other's, and others that no format allows.
#[cfg(feature = "prometheus")]
fn name() -> impl Strategy<Value = String> {
    prop_oneof![2 => "[ab](_total|_sum|_count|_bucket|_gauge|_seconds|_ns|_bytes)?", 1 => "\\PC{0,4}"]
}

#[cfg(feature = "prometheus")]
fn label() -> impl Strategy<Value = (String, String)> {
    (
        prop_oneof!["[a.]", Just("le".to_owned()), "\\PC{0,3}"],
        prop_oneof!["[a-z]?", "\\PC{0,3}", Just("\n\\\"".to_owned())],
    )
}

fn bounds(ends: &[u64]) -> Bounds {
    Bounds::new().durations(ends.iter().map(|end| Duration::from_nanos(*end))).amounts(ends.iter().copied())
}

/// What a histogram that was exported must be: its buckets grow and end at its count, its sum is the sum, and a bucket
/// misses only values that are less than 1/128 below its bound.
fn check(
    values: &[u64],
    ends: &[u64],
    cumulative: &[u64],
    count: u64,
    sum: f64,
    scale: f64,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(count, values.len() as u64);
    prop_assert_eq!(sum, values.iter().sum::<u64>() as f64 / scale);
    prop_assert!(cumulative.is_sorted());
    prop_assert_eq!(cumulative.last(), Some(&count));
    prop_assert_eq!(cumulative.len(), ends.len() + 1);
    for (end, told) in ends.iter().zip(cumulative) {
        let at_most = |limit: u64| values.iter().filter(|value| **value <= limit).count() as u64;
        prop_assert!(*told <= at_most(*end), "{} are told up to {}", told, end);
        prop_assert!(*told >= at_most(end - end / 128), "{} are told up to {}", told, end);
    }
    Ok(())
}

#[cfg(feature = "prometheus")]
proptest! {
    /// Exporting to Prometheus changes no number: buckets grow and end at the count, and the sum is the sum.
    #[test]
    fn prometheus_is_told_the_truth(values in vec(value(), 0..100), ends in btree_set(value(), 0..10), timed: bool) {
        use prometheus_client::{encoding::text::encode, registry::Registry as PrometheusRegistry};
        use steadfast_telemetry::export::prometheus::Exporter;

        let ends = Vec::from_iter(ends);
        let (ours, name, scale) = if timed { ("x_ns", "x_seconds", 1e9) } else { ("x", "x", 1.0) };
        let mut registry_of_theirs = PrometheusRegistry::default();
        registry_of_theirs.register_collector(Box::new(Exporter::new(registry(ours, &values)).bounds(bounds(&ends))));
        let mut text = String::new();
        encode(&mut text, &registry_of_theirs).unwrap();
        let told = |suffix: &str| -> Vec<&str> {
            let start = format!("{name}_{suffix}");
            text.lines().filter(|line| line.starts_with(&start)).map(|line| line.rsplit_once(' ').unwrap().1).collect()
        };
        let cumulative: Vec<u64> = told("bucket").iter().map(|n| n.parse().unwrap()).collect();
        check(&values, &ends, &cumulative, told("count")[0].parse().unwrap(), told("sum")[0].parse().unwrap(), scale)?;
    }

    /// Whatever series and labels are called, the text is one that Prometheus reads, and every count, level and value is in
    /// it.
    #[test]
    fn any_names_are_told(series in vec((name(), label(), label(), 0u64..1000), 0..12)) {
        use crate::export::prometheus::text;
        use steadfast_telemetry::export::prometheus::Exporter;

        let registry = Registry::new();
        for (name, (label, value), (other, more), n) in &series {
            let key = Key::new(name.clone()).label(label.clone(), value.clone()).label(other.clone(), more.clone());
            match n % 3 {
                0 => registry.counter(&key).add(*n),
                1 => registry.gauge(&key).add(i64::try_from(*n).unwrap()),
                _ => registry.histogram(&key).record(*n),
            }
        }
        let text = text(Exporter::new(registry).bounds(bounds(&[10])));
        let (mut counters, mut levels, mut values, mut kind, mut scale) = (0.0, 0.0, 0.0, "", 1.0);
        for line in text.split('\n') {
            let Some(value) = line.rsplit_once(' ').and_then(|(_, value)| value.parse::<f64>().ok()) else {
                kind = line.strip_prefix("# TYPE ").map_or(kind, |told| told.rsplit_once(' ').unwrap().1);
                if line.starts_with("# HELP ") {
                    scale = if line.ends_with(", in seconds") { 1e9 } else { 1.0 };
                }
                continue;
            };
            match kind {
                _ if line.starts_with('#') => {}
                "counter" => counters += value * scale,
                "gauge" => levels += value * scale,
                _ if line.split(['{', ' ']).next().unwrap().ends_with("_sum") => values += value * scale,
                _ => {}
            }
        }
        let sum = |kind: u64| series.iter().filter(|one| one.3 % 3 == kind).map(|one| one.3 as f64).sum::<f64>();
        for (told, exact) in [(counters, sum(0)), (levels, sum(1)), (values, sum(2))] {
            prop_assert!((told - exact).abs() < 1e-3, "{} for {} in {}", told, exact, text);
        }
    }
}

#[cfg(feature = "otlp")]
proptest! {
    /// Exporting to OpenTelemetry changes no number: buckets add up to the count, and the sum is the sum.
    #[test]
    fn opentelemetry_is_told_the_truth(values in vec(value(), 0..100), ends in btree_set(value(), 0..10), timed: bool) {
        use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
        use opentelemetry_proto::tonic::metrics::v1::metric::Data;
        use steadfast_clock::UnixNanos;
        use steadfast_telemetry::export::otlp::Exporter;

        let ends = Vec::from_iter(ends);
        let (name, scale) = if timed { ("x_ns", 1e9) } else { ("x", 1.0) };
        let exporter = Exporter::new(UnixNanos::EPOCH).bounds(bounds(&ends));
        let body = exporter.json(&registry(name, &values).snapshot(), UnixNanos::from_secs(1));
        let request: ExportMetricsServiceRequest = serde_json::from_str(&body).unwrap();
        let metric = request.resource_metrics[0].scope_metrics[0].metrics[0].clone();
        let Some(Data::Histogram(histogram)) = metric.data else { panic!("{body}") };
        let point = &histogram.data_points[0];
        let cumulative: Vec<u64> = point.bucket_counts.iter().scan(0, |sum, n| { *sum += n; Some(*sum) }).collect();
        prop_assert_eq!(&point.explicit_bounds, &ends.iter().map(|end| *end as f64 / scale).collect::<Vec<_>>());
        check(&values, &ends, &cumulative, point.count, point.sum.unwrap(), scale)?;
        prop_assert_eq!(point.max, values.iter().max().map(|max| *max as f64 / scale));
    }
}

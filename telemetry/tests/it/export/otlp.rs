//! The body of an OTLP request, read back by the types of the OpenTelemetry project.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use serde_json::json;
use steadfast_clock::{ManualClock, UnixNanos};
use steadfast_telemetry::export::Bounds;
use steadfast_telemetry::export::otlp::{Conventions, Exporter};
use steadfast_telemetry::{Calls, Key, Recorder, Registry, Snapshot};

const STARTED: UnixNanos = UnixNanos::from_secs(1_700_000_000);
const NOW: UnixNanos = UnixNanos::from_secs(1_700_000_060);

fn exporter() -> Exporter {
    Exporter::new(STARTED).resource("service.name", "checkout")
}

fn metrics(exporter: &Exporter, snapshot: &Snapshot) -> Vec<serde_json::Value> {
    let body: serde_json::Value = serde_json::from_str(&exporter.json(snapshot, NOW)).unwrap();
    body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap().clone()
}

#[test]
fn the_body_is_exactly_this() {
    let registry = Registry::new();
    registry.counter(&Key::new("requests").label("status", "503")).add(3);
    registry.gauge(&Key::new("open")).set(-2);
    [5, 50]
        .into_iter()
        .for_each(|millis| registry.histogram(&Key::new("wait_ns")).record_duration(Duration::from_millis(millis)));
    let bounds = Bounds::new().durations([10, 100].map(Duration::from_millis));
    let body = exporter().bounds(bounds).json(&registry.snapshot(), NOW);
    let times = |mut point: serde_json::Value| {
        point["startTimeUnixNano"] = "1700000000000000000".into();
        point["timeUnixNano"] = "1700000060000000000".into();
        point
    };
    let attributes = json!([{ "key": "status", "value": { "stringValue": "503" } }]);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&body).unwrap(),
        json!({ "resourceMetrics": [{
            "resource": { "attributes": [{ "key": "service.name", "value": { "stringValue": "checkout" } }] },
            "scopeMetrics": [{
                "scope": { "name": "steadfast-telemetry", "version": env!("CARGO_PKG_VERSION") },
                "metrics": [
                    { "name": "open", "unit": "1", "gauge": {
                        "dataPoints": [times(json!({ "asInt": "-2", "attributes": [] }))],
                    } },
                    { "name": "requests", "unit": "1", "sum": {
                        "dataPoints": [times(json!({ "asInt": "3", "attributes": attributes }))],
                        "aggregationTemporality": 2, "isMonotonic": true,
                    } },
                    { "name": "wait", "unit": "s", "histogram": {
                        "dataPoints": [times(json!({
                            "count": "2", "sum": 0.055, "max": 0.05, "attributes": [],
                            "bucketCounts": ["1", "1", "0"], "explicitBounds": [0.01, 0.1],
                        }))],
                        "aggregationTemporality": 2,
                    } },
                ],
            }],
        }] })
    );
}

#[test]
fn the_types_of_the_protocol_read_it() {
    let (registry, clock) = (Registry::new(), ManualClock::new());
    let calls = Calls::new(registry.clone(), "llm").model("small-1");
    let operation = calls.begin(&clock);
    clock.advance(Duration::from_millis(150));
    calls.tokens(1_200, 80);
    operation.succeed();
    registry.counter(&Key::new("busy_ns")).add(1_500_000_000);
    registry.gauge(&Key::new("open")).set(7);
    let body = exporter().json(&registry.snapshot(), NOW);
    let request: ExportMetricsServiceRequest = serde_json::from_str(&body).unwrap();
    let scope = &request.resource_metrics[0].scope_metrics[0];
    let metric = |name: &str| scope.metrics.iter().find(|metric| metric.name == name).unwrap().clone();

    let Some(Data::Histogram(duration)) = metric("gen_ai.client.operation.duration").data else { panic!("{body}") };
    let point = duration.data_points.iter().find(|point| !point.attributes.is_empty()).unwrap();
    assert_eq!((duration.aggregation_temporality, point.count, point.sum, point.max), (2, 1, Some(0.15), Some(0.15)));
    assert_eq!((point.start_time_unix_nano, point.time_unix_nano), (STARTED.as_nanos(), NOW.as_nanos()));
    assert_eq!(point.explicit_bounds[..5], [0.01, 0.02, 0.04, 0.08, 0.16]);
    assert_eq!(point.bucket_counts, [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(point.attributes[0].key, "gen_ai.request.model");

    let Some(Data::Histogram(tokens)) = metric("gen_ai.client.token.usage").data else { panic!("{body}") };
    assert_eq!(metric("gen_ai.client.token.usage").unit, "{token}");
    assert_eq!(tokens.data_points.iter().map(|point| point.sum).collect::<Vec<_>>(), [Some(1_200.0), Some(80.0)]);
    assert_eq!(tokens.data_points[0].explicit_bounds[..4], [1.0, 4.0, 16.0, 64.0]);

    let Some(Data::Sum(busy)) = metric("busy").data else { panic!("{body}") };
    assert!(busy.is_monotonic);
    assert_eq!(busy.data_points[0].value, Some(Value::AsDouble(1.5)));
    let Some(Data::Gauge(open)) = metric("open").data else { panic!("{body}") };
    assert_eq!(open.data_points[0].value, Some(Value::AsInt(7)));
}

#[test]
fn what_bears_a_name_of_the_conventions_is_told_once() {
    let registry = Registry::new();
    let clock = ManualClock::new();
    let calls = Calls::new(registry.clone(), "llm");
    let operation = calls.begin(&clock);
    clock.advance(Duration::from_millis(150));
    calls.tokens(1_200, 80);
    operation.succeed();
    let name = "gen_ai.client.operation.duration_ns";
    registry.histogram(&Key::new(name).label("error.type", "timeout")).record_duration(Duration::from_millis(300));
    registry.histogram(&Key::new("gen_ai.client.token.usage").label("gen_ai.token.type", "input")).record(7);
    let body = exporter().json(&registry.snapshot(), NOW);
    let request: ExportMetricsServiceRequest = serde_json::from_str(&body).unwrap();
    let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
    let metric = |name: &str| metrics.iter().find(|metric| metric.name == name).unwrap().clone();
    let Some(Data::Histogram(duration)) = metric("gen_ai.client.operation.duration").data else { panic!("{body}") };
    assert_eq!(duration.data_points.iter().map(|point| point.sum).collect::<Vec<_>>(), [Some(0.3)]);
    assert_eq!(duration.data_points[0].explicit_bounds[..3], [0.01, 0.02, 0.04]);
    assert_eq!(duration.data_points[0].attributes[0].key, "error.type");
    let tokens = metric("gen_ai.client.token.usage");
    assert_eq!(tokens.unit, "{token}");
    let Some(Data::Histogram(tokens)) = tokens.data else { panic!("{body}") };
    assert_eq!(tokens.data_points.iter().map(|point| point.sum).collect::<Vec<_>>(), [Some(7.0)]);
    for own in ["llm_call_latency", "llm_tokens_in", "llm_tokens_out"] {
        assert_eq!(metric(own).name, own);
    }
}

#[test]
fn the_calls_of_a_pool_are_those_of_an_http_client() {
    let (registry, clock) = (Registry::new(), ManualClock::new());
    let host = Calls::new(registry.clone(), "pool").host("api.example.com:8443");
    let operation = host.begin(&clock);
    drop(operation.attempt_after(Duration::ZERO, Some(503)));
    let metrics = metrics(&exporter(), &registry.snapshot());
    let metric = |name: &str| metrics.iter().find(|metric| metric["name"] == name).unwrap();
    let server = json!([
        { "key": "server.address", "value": { "stringValue": "api.example.com" } },
        { "key": "server.port", "value": { "intValue": "8443" } },
    ]);
    let duration = metric("http.client.request.duration");
    assert_eq!(duration["unit"], "s");
    let points = duration["histogram"]["dataPoints"].as_array().unwrap();
    let labelled = points.iter().find(|point| point["attributes"] == server).unwrap();
    assert_eq!(labelled["count"], "1");
    assert_eq!(labelled["explicitBounds"].as_array().unwrap().len(), 14);

    let active = metric("http.client.active_requests");
    assert_eq!((&active["unit"], &active["sum"]["isMonotonic"]), (&json!("{request}"), &json!(false)));
    assert!(active["sum"]["dataPoints"].as_array().unwrap().iter().any(|point| point["asInt"] == "1"));

    let by_status = metric("pool_retries_by_status");
    let attributes = by_status["sum"]["dataPoints"][0]["attributes"].as_array().unwrap();
    let status = json!({ "key": "http.response.status_code", "value": { "intValue": "503" } });
    assert!(attributes.contains(&status), "{attributes:?}");
}

#[test]
fn a_host_keeps_its_colons_when_they_are_of_an_address() {
    fn check(host: &str, address: &str, port: Option<&str>) {
        let registry = Registry::new();
        Calls::new(registry.clone(), "pool").host(host).requests.inc();
        let metrics = metrics(&exporter(), &registry.snapshot());
        let requests = metrics.iter().find(|metric| metric["name"] == "pool_requests").unwrap();
        let points = requests["sum"]["dataPoints"].as_array().unwrap();
        let point = points.iter().find(|point| point["asInt"] == "1").unwrap();
        assert_eq!(point["attributes"][0]["value"]["stringValue"], address);
        assert_eq!(point["attributes"][1]["value"]["intValue"].as_str(), port);
    }
    check("a", "a", None);
    check("a:80", "a", Some("80"));
    check("a:http", "a:http", None);
    check("::1", "::1", None);
    check("[::1]", "[::1]", None);
    check("[::1]:80", "[::1]", Some("80"));
}

#[test]
fn without_conventions_names_and_labels_stay() {
    let registry = Registry::new();
    Calls::new(registry.clone(), "pool").host("a").bytes_in.add(9);
    let metrics = metrics(&exporter().conventions(Conventions::none()), &registry.snapshot());
    let names: Vec<&str> = metrics.iter().map(|metric| metric["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"pool_attempt_latency") && names.contains(&"pool_active"), "{names:?}");
    let bytes = metrics.iter().find(|metric| metric["name"] == "pool_bytes_in").unwrap();
    assert!(bytes["sum"]["dataPoints"].as_array().unwrap().iter().any(|point| point["attributes"][0]["key"] == "host"));
}

#[test]
fn other_prefixes_can_follow_the_conventions() {
    let registry = Registry::new();
    let _calls = Calls::new(registry.clone(), "devices");
    let exporter = exporter().conventions(Conventions::none().http("devices").gen_ai("models"));
    let metrics = metrics(&exporter, &registry.snapshot());
    assert!(metrics.iter().any(|metric| metric["name"] == "http.client.request.duration"));
}

#[test]
fn totals_can_be_left_out() {
    let registry = Registry::new();
    Calls::new(registry.clone(), "pool").host("a").requests.inc();
    let metrics = metrics(&exporter().without_totals(), &registry.snapshot());
    let requests = metrics.iter().find(|metric| metric["name"] == "pool_requests").unwrap();
    let points = requests["sum"]["dataPoints"].as_array().unwrap();
    assert_eq!((points.len(), &points[0]["asInt"]), (1, &json!("1")));
}

#[test]
fn a_sum_beyond_what_the_protocol_can_tell_saturates() {
    let registry = Registry::new();
    registry.counter(&Key::new("huge")).add(u64::MAX);
    let metrics = metrics(&exporter(), &registry.snapshot());
    assert_eq!(metrics[0]["sum"]["dataPoints"][0]["asInt"], i64::MAX.to_string());
}

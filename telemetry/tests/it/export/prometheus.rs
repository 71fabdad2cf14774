//! The text that Prometheus scrapes.

use std::collections::BTreeSet;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry as PrometheusRegistry;
use steadfast_clock::ManualClock;
use steadfast_telemetry::export::Bounds;
use steadfast_telemetry::export::prometheus::Exporter;
use steadfast_telemetry::{Calls, Key, Recorder, Registry};

/// The text of a scrape, checked.
pub(crate) fn text(exporter: Exporter<Registry>) -> String {
    let mut registry = PrometheusRegistry::default();
    registry.register_collector(Box::new(exporter));
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    check(&text);
    text
}

/// The lines of the format, by the rules that its readers go by.
fn check(text: &str) {
    let (mut types, mut samples, mut family) = (BTreeSet::new(), BTreeSet::new(), String::new());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.last(), Some(&"# EOF"));
    for line in &lines[..lines.len() - 1] {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            family = rest.split(' ').next().unwrap().to_owned();
            assert!(types.insert(family.clone()), "two families are called {family}");
        }
        if line.starts_with("# ") {
            continue;
        }
        let name_end = line.find(['{', ' ']).unwrap();
        let (name, value_start) = (&line[..name_end], line.rfind(' ').unwrap());
        assert!(name.starts_with(&family), "{line} is not of {family}");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{line}");
        assert!(!name.starts_with(|c: char| c.is_ascii_digit()), "{line}");
        assert!(line[value_start + 1..].parse::<f64>().is_ok(), "{line}");
        assert!(samples.insert(&line[..value_start]), "{line} is there twice");
    }
}

#[test]
fn the_text_is_exactly_this() {
    let registry = Registry::new();
    registry.counter(&Key::new("requests").label("host", "a").label("status", "503")).add(3);
    registry.counter(&Key::new("requests").label("host", "say \"hi\"\n\\").label("status", "200")).add(1);
    registry.counter(&Key::new("requests")).add(4);
    registry.gauge(&Key::new("open")).set(-2);
    registry.gauge(&Key::new("uptime_ns")).set(2_500_000_000);
    let latency = registry.histogram(&Key::new("latency_ns").label("host", "a"));
    [1, 7, 7, 300, 20_000].into_iter().for_each(|millis| latency.record_duration(Duration::from_millis(millis)));
    registry.histogram(&Key::new("body_bytes")).record(1_000);
    let bounds =
        Bounds::new().durations([1_000, 10, 100].map(Duration::from_millis)).named("body_bytes", [1 << 20, 512]);
    let expected = r#"# HELP body_bytes body_bytes
# TYPE body_bytes histogram
# UNIT body_bytes bytes
body_bytes_sum 1000.0
body_bytes_count 1
body_bytes_bucket{le="512.0"} 0
body_bytes_bucket{le="1048576.0"} 1
body_bytes_bucket{le="+Inf"} 1
# HELP latency_seconds latency_ns, in seconds
# TYPE latency_seconds histogram
# UNIT latency_seconds seconds
latency_seconds_sum{host="a"} 20.315
latency_seconds_count{host="a"} 5
latency_seconds_bucket{le="0.01",host="a"} 3
latency_seconds_bucket{le="0.1",host="a"} 3
latency_seconds_bucket{le="1.0",host="a"} 4
latency_seconds_bucket{le="+Inf",host="a"} 5
# HELP open open
# TYPE open gauge
open -2
# HELP requests requests
# TYPE requests counter
requests_total 4
requests_total{host="a",status="503"} 3
requests_total{host="say \"hi\"\n\\",status="200"} 1
# HELP uptime_seconds uptime_ns, in seconds
# TYPE uptime_seconds gauge
# UNIT uptime_seconds seconds
uptime_seconds 2.5
# EOF
"#;
    assert_eq!(text(Exporter::new(registry).bounds(bounds)), expected);
}

#[test]
fn the_calls_of_a_pool_have_the_names_that_prometheus_expects() {
    let (registry, clock) = (Registry::new(), ManualClock::new());
    let calls = Calls::new(registry.clone(), "pool");
    let operation = calls.begin(&clock);
    clock.advance(Duration::from_millis(20));
    operation.fail(Some(503));
    let text = text(Exporter::new(registry));
    for line in [
        "pool_requests_total 1",
        "pool_final_status_total{status=\"503\"} 1",
        "pool_active 0",
        "pool_call_latency_seconds_sum 0.02",
        "pool_call_latency_seconds_bucket{le=\"0.01\"} 0",
        "pool_call_latency_seconds_bucket{le=\"0.025\"} 1",
    ] {
        assert!(text.lines().any(|there| there == line), "{line} is not in\n{text}");
    }
}

#[test]
fn names_and_labels_become_what_the_format_allows() {
    let registry = Registry::new();
    registry.counter(&Key::new("requests.total-1").label("host.name", "a").label("host_name", "b")).inc();
    registry.counter(&Key::new("calls_total").label("__reserved", "x")).inc();
    registry.counter(&Key::new("7up")).inc();
    registry.histogram(&Key::new("size").label("le", "x"));
    let text = text(Exporter::new(registry).bounds(Bounds::new().amounts([])));
    for line in [
        "requests_total_1_total{host_name=\"a\",host_name_=\"b\"} 1",
        "calls_total{label__reserved=\"x\"} 1",
        "_7up_total 1",
        "size_bucket{le=\"+Inf\",le_=\"x\"} 0",
    ] {
        assert!(text.lines().any(|there| there == line), "{line} is not in\n{text}");
    }
}

#[test]
fn series_that_become_one_are_added_up() {
    let registry = Registry::new();
    registry.counter(&Key::new("a.b")).add(1);
    registry.counter(&Key::new("a_b")).add(2);
    registry.gauge(&Key::new("g.h")).set(-1);
    registry.gauge(&Key::new("g_h")).set(3);
    registry.histogram(&Key::new("h.i")).record(5);
    registry.histogram(&Key::new("h_i")).record(6);
    let text = text(Exporter::new(registry));
    for line in ["a_b_total 3", "g_h 2", "h_i_count 2", "h_i_sum 11.0"] {
        assert!(text.lines().any(|there| there == line), "{line} is not in\n{text}");
    }
}

#[test]
fn one_name_of_several_kinds_is_several_families() {
    let registry = Registry::new();
    let key = Key::new("load");
    registry.counter(&key).inc();
    registry.gauge(&key).set(2);
    registry.histogram(&key).record(3);
    registry.gauge(&Key::new("load_total")).set(4);
    registry.gauge(&Key::new("load_histogram_sum")).set(5);
    registry.counter(&Key::new("wait_seconds")).inc();
    registry.counter(&Key::new("wait_ns")).add(1_000_000_000);
    let text = text(Exporter::new(registry));
    for line in [
        "load_total 1",
        "load_gauge 2",
        "load_total_gauge 4",
        "load_histogram_sum 5",
        "load_histogram_histogram_sum 3.0",
        "wait_seconds_total 1.0",
        "wait_seconds_counter_total 1",
    ] {
        assert!(text.lines().any(|there| there == line), "{line} is not in\n{text}");
    }
}

#[test]
fn totals_can_be_left_out() {
    let (registry, clock) = (Registry::new(), ManualClock::new());
    let calls = Calls::new(registry.clone(), "pool");
    let (host, both) = (calls.host("a"), calls.labelled([("host", "b"), ("model", "m")]));
    calls.begin(&clock).also(&host).fail(Some(503));
    calls.begin(&clock).also(&both).succeed();
    registry.counter(&Key::new("starts")).inc();
    let text = text(Exporter::new(registry).without_totals());
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("pool_requests_total")).collect();
    assert_eq!(lines, ["pool_requests_total{host=\"b\",model=\"m\"} 1"]);
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("pool_final_status")).collect();
    assert_eq!(lines, ["pool_final_status_total{host=\"a\",status=\"503\"} 1"]);
    assert!(text.contains("\nstarts_total 1\n"));
}

#[test]
fn it_mounts_below_a_prefix_and_labels() {
    let ours = Registry::new();
    ours.counter(&Key::new("requests").label("host", "a")).inc();
    let mut theirs = PrometheusRegistry::with_prefix("app");
    theirs.register_collector(Box::new(Exporter::new(ours)));
    let mut text = String::new();
    encode(&mut text, &theirs).unwrap();
    check(&text);
    assert!(text.contains("app_requests_total{host=\"a\"} 1\n"), "{text}");
}

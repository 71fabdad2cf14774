//! The report of calls: its text, its lists by label, its rates, windows and data.

use std::time::Duration;

use steadfast_clock::ManualClock;
use steadfast_telemetry::{CallReport, Calls, Recorder, Registry, Snapshot};

/// Two calls that succeed, one of them at the second attempt, and one that fails.
fn three_calls() -> Registry {
    let (registry, clock) = (Registry::new(), ManualClock::new());
    let calls = Calls::new(registry.clone(), "llm");
    let (small, large) = (calls.model("small-1"), calls.model("large-1"));
    for (model, retried, status) in [(&small, false, 200), (&large, true, 200), (&small, false, 400)] {
        let operation = calls.begin(&clock).also(model);
        let attempt = operation.attempt();
        clock.advance(Duration::from_millis(20));
        attempt.end();
        if retried {
            operation.count(|calls| calls.hinted(Duration::from_secs(1)));
            clock.advance(Duration::from_secs(1));
            let attempt = operation.attempt_after(Duration::from_secs(1), Some(529));
            clock.advance(Duration::from_millis(30));
            attempt.end();
        }
        operation.count(|calls| {
            calls.bytes_in.add(2_048);
            calls.bytes_out.add(500);
            calls.cache_miss();
        });
        if status == 200 {
            operation.count(|calls| {
                calls.tokens(1_200, 80);
                calls.ended(200);
            });
            operation.succeed();
        } else {
            operation.fail(Some(status));
        }
    }
    calls.cache_hit(1_280, 4_200);
    registry
}

#[test]
fn the_text_is_aligned() {
    let report = CallReport::read(&three_calls().snapshot(), "llm", &[]);
    let expected = "\
requests          3
  succeeded       2 (66 %)
  failed          1
  cancelled       0
  active          0
final status      200: 2, 400: 1
attempts          4
retries           1
  by status       529: 1
fallbacks         0
breaker openings  0
cache hits        1 of 4 (25 %)
  saved           1,280 tokens, 0.004200 of money
tokens            2,400 in, 160 out
bytes             6.00 KiB in, 1.46 KiB out
time                count    total     mean      p50      p95      p99      max
  whole call            3   1.09 s   363 ms  20.0 ms   1.05 s   1.05 s   1.05 s
  attempt               4  90.0 ms  22.5 ms  20.0 ms  30.0 ms  30.0 ms  30.0 ms
  retry delay           1   1.00 s   1.00 s   1.00 s   1.00 s   1.00 s   1.00 s
  retry-after           1   1.00 s   1.00 s   1.00 s   1.00 s   1.00 s   1.00 s
  rate limit            -        -        -        -        -        -        -
";
    assert_eq!(report.to_string(), expected);
}

#[test]
fn of_nothing_there_are_neither_rates_nor_averages() {
    let report = CallReport::read(&Snapshot::new(), "llm", &[]);
    assert_eq!((report.success_rate(), report.cache_hit_rate()), (None, None));
    assert_eq!((report.latency.mean, report.latency.p50, report.latency.max), (None, None, None));
    let text = report.to_string();
    assert!(text.contains("  succeeded       0 (-)\n") && text.contains("cache hits        -\n"), "{text}");
}

#[test]
fn each_model_has_its_report() {
    let models = CallReport::of_models(&three_calls().snapshot(), "llm");
    let told: Vec<_> =
        models.iter().map(|(model, report)| (&**model, report.requests, report.success_rate())).collect();
    assert_eq!(told, [("large-1", 1, Some(1.0)), ("small-1", 2, Some(0.5))]);
    assert_eq!(models["large-1"].retries_by_status[&529], 1);
    assert!(CallReport::of_hosts(&three_calls().snapshot(), "llm").is_empty());
}

#[test]
fn a_scope_of_two_labels_is_in_no_list_of_one() {
    let (registry, clock) = (Registry::new(), ManualClock::new());
    let calls = Calls::new(registry.clone(), "pool");
    calls.labelled([("host", "a"), ("model", "m")]).begin(&clock).succeed();
    assert!(CallReport::of_hosts(&registry.snapshot(), "pool").is_empty());
    assert!(CallReport::of_models(&registry.snapshot(), "pool").is_empty());
}

#[test]
fn a_difference_reports_what_came_since() {
    let (registry, clock) = (Registry::new(), ManualClock::new());
    let calls = Calls::new(registry.clone(), "pool");
    calls.begin(&clock).fail(Some(500));
    let baseline = registry.snapshot();
    calls.begin(&clock).succeed();
    let report = CallReport::read(&registry.snapshot().since(&baseline), "pool", &[]);
    assert_eq!((report.requests, report.success_rate(), report.latency.count), (1, Some(1.0), 1));
    assert!(report.final_status.is_empty());
}

#[cfg(feature = "serde")]
#[test]
fn as_data_durations_are_nanoseconds() {
    let report = CallReport::read(&three_calls().snapshot(), "llm", &[]);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["requests"], 3);
    assert_eq!(json["final_status"], serde_json::json!({ "200": 2, "400": 1 }));
    assert_eq!(
        json["retry_delay"],
        serde_json::json!({
            "count": 1, "total_ns": 1_000_000_000, "mean_ns": 1_000_000_000, "p50_ns": 1_000_000_000,
            "p95_ns": 1_000_000_000, "p99_ns": 1_000_000_000, "max_ns": 1_000_000_000,
        })
    );
    assert_eq!(json["limit_wait"]["mean_ns"], serde_json::Value::Null);
    assert_eq!(serde_json::from_value::<CallReport>(json).unwrap(), report);
}

//! The instruments of calls: operations and attempts, scopes, what is rare, and the names of the series.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use steadfast_clock::ManualClock;
use steadfast_telemetry::{CallReport, Calls, Key, Recorder, Registry};

const MS: Duration = Duration::from_millis(1);

fn setup(prefix: &'static str) -> (Registry, Calls, ManualClock) {
    let registry = Registry::new();
    (registry.clone(), Calls::new(registry, prefix), ManualClock::new())
}

fn total(registry: &Registry, prefix: &str) -> CallReport {
    CallReport::read(&registry.snapshot(), prefix, &[])
}

#[test]
fn a_call_that_succeeds_is_counted_and_timed() {
    let (registry, calls, clock) = setup("pool");
    let operation = calls.begin(&clock);
    assert_eq!((calls.requests.get(), calls.active.get()), (1, 1));
    let attempt = operation.attempt();
    clock.advance(20 * MS);
    assert_eq!((attempt.elapsed(), operation.elapsed()), (20 * MS, 20 * MS));
    attempt.end();
    clock.advance(5 * MS);
    operation.succeed();
    let report = total(&registry, "pool");
    assert_eq!((report.requests, report.succeeded, report.failed, report.cancelled, report.active), (1, 1, 0, 0, 0));
    assert_eq!((report.attempts, report.retries), (1, 0));
    assert_eq!((report.latency.max, report.attempt_latency.max), (Some(25 * MS), Some(20 * MS)));
}

#[test]
fn a_failure_tells_its_status_if_there_was_one() {
    let (registry, calls, clock) = setup("pool");
    calls.begin(&clock).fail(Some(503));
    calls.begin(&clock).fail(Some(799));
    calls.begin(&clock).fail(None);
    let report = total(&registry, "pool");
    assert_eq!((report.failed, report.latency.count), (3, 3));
    assert_eq!(Vec::from_iter(report.final_status), [(503, 1), (799, 1)]);
}

#[test]
fn a_call_that_is_dropped_or_panics_is_cancelled_and_not_timed() {
    let (registry, calls, clock) = setup("pool");
    drop(calls.begin(&clock));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let operation = calls.begin(&clock);
        let _attempt = operation.attempt();
        clock.advance(MS);
        panic!("the call failed");
    }));
    assert!(panicked.is_err());
    let report = total(&registry, "pool");
    assert_eq!((report.requests, report.cancelled, report.active), (2, 2, 0));
    assert_eq!((report.latency.count, report.attempt_latency.count), (0, 1));
    assert_eq!(report.success_rate(), None);
}

#[test]
fn an_attempt_beyond_the_first_is_a_retry() {
    let (registry, calls, clock) = setup("pool");
    let operation = calls.begin(&clock);
    drop(operation.attempt());
    drop(operation.attempt());
    drop(operation.attempt_after(2 * MS, Some(429)));
    drop(operation.attempt_after(4 * MS, None));
    operation.succeed();
    let report = total(&registry, "pool");
    assert_eq!((report.attempts, report.retries), (4, 3));
    assert_eq!(Vec::from_iter(report.retries_by_status), [(429, 1)]);
    assert_eq!((report.retry_delay.count, report.retry_delay.total), (2, 6 * MS));
}

#[test]
fn the_first_attempt_after_a_fallback_is_no_retry() {
    let (registry, calls, clock) = setup("llm");
    let operation = calls.begin(&clock);
    drop(operation.attempt());
    operation.fall_back();
    drop(operation.attempt());
    drop(operation.attempt());
    operation.succeed();
    let report = total(&registry, "llm");
    assert_eq!((report.attempts, report.retries, report.fallbacks), (3, 1, 1));
}

#[test]
fn attempts_may_overlap() {
    let (registry, calls, clock) = setup("pool");
    let operation = calls.begin(&clock);
    let first = operation.attempt();
    clock.advance(10 * MS);
    let hedge = operation.attempt();
    clock.advance(MS);
    hedge.end();
    first.end();
    operation.succeed();
    let report = total(&registry, "pool");
    assert_eq!((report.attempts, report.attempt_latency.total), (2, 12 * MS));
}

#[test]
fn a_call_is_counted_in_each_of_its_scopes() {
    let (registry, calls, clock) = setup("pool");
    let (host, both) = (calls.host("a"), calls.host("a").model("m"));
    let operation = calls.begin(&clock).also(&host).also(&both);
    drop(operation.attempt_after(MS, Some(500)));
    operation.count(|calls| calls.bytes_in.add(7));
    operation.fail(Some(500));
    let snapshot = registry.snapshot();
    let scopes: [&[(&str, &str)]; 3] = [&[], &[("host", "a")], &[("model", "m"), ("host", "a")]];
    for labels in scopes {
        let report = CallReport::read(&snapshot, "pool", labels);
        assert_eq!((report.requests, report.failed, report.retries, report.bytes_in), (1, 1, 1, 7), "{labels:?}");
        assert_eq!((report.final_status.len(), report.retries_by_status.len()), (1, 1), "{labels:?}");
    }
    assert_eq!(CallReport::read(&snapshot, "pool", &[("model", "m")]), CallReport::new());
    assert_eq!(CallReport::read(&snapshot, "llm", &[]), CallReport::new());
}

#[test]
fn the_same_scope_is_the_same_series() {
    let (registry, calls, clock) = setup("pool");
    calls.host("a").begin(&clock).succeed();
    calls.clone().labelled([("host", "a")]).begin(&clock).succeed();
    Calls::new(registry.clone(), "pool").host("a").begin(&clock).succeed();
    assert_eq!(CallReport::of_hosts(&registry.snapshot(), "pool")["a"].succeeded, 3);
}

#[test]
fn what_is_rare_makes_its_series_when_it_happens() {
    let (registry, calls, _) = setup("llm");
    let names = |registry: &Registry| -> BTreeSet<String> {
        let snapshot = registry.snapshot();
        let (counters, gauges) = (snapshot.counters.keys(), snapshot.gauges.keys());
        counters.chain(gauges).chain(snapshot.histograms.keys()).map(ToString::to_string).collect()
    };
    let always = names(&registry);
    let expected = [
        "llm_active",
        "llm_attempt_latency_ns",
        "llm_attempts",
        "llm_bytes_in",
        "llm_bytes_out",
        "llm_call_latency_ns",
        "llm_requests",
        "llm_requests_cancelled",
        "llm_requests_failed",
        "llm_requests_succeeded",
        "llm_retries",
    ];
    assert_eq!(Vec::from_iter(&always), expected);

    calls.retried(MS, Some(529));
    calls.ended(200);
    calls.hinted(2 * MS);
    calls.limited(3 * MS);
    calls.breaker_opened();
    calls.fell_back();
    calls.cache_hit(10, 20);
    calls.cache_miss();
    calls.tokens(30, 40);
    let expected = [
        "llm_breaker_openings",
        "llm_cache_hits",
        "llm_cache_misses",
        "llm_fallbacks",
        "llm_final_status{status=\"200\"}",
        "llm_limit_wait_ns",
        "llm_money_saved_micros",
        "llm_retries_by_status{status=\"529\"}",
        "llm_retry_after_wait_ns",
        "llm_retry_delay_ns",
        "llm_tokens_in",
        "llm_tokens_out",
        "llm_tokens_saved",
    ];
    assert_eq!(Vec::from_iter(names(&registry).difference(&always)), expected);

    let report = total(&registry, "llm");
    assert_eq!((report.hinted_wait.max, report.limit_wait.max), (Some(2 * MS), Some(3 * MS)));
    assert_eq!((report.breaker_openings, report.fallbacks, report.cache_hits, report.cache_misses), (1, 1, 1, 1));
    assert_eq!((report.tokens_saved, report.money_saved_micros), (10, 20));
    assert_eq!((report.tokens_in, report.tokens_out), (30, 40));
}

#[test]
fn a_hit_that_saved_nothing_makes_no_series_of_savings() {
    let (registry, calls, _) = setup("pool");
    calls.cache_hit(0, 0);
    assert_eq!(registry.snapshot().counter(&Key::new("pool_cache_hits")), 1);
    assert!(!registry.snapshot().counters.contains_key(&Key::new("pool_tokens_saved")));
}

#[test]
fn hosts_beyond_the_bound_of_the_registry_share_one_scope() {
    let registry = Registry::with_max_series(16);
    let (calls, clock) = (Calls::new(registry.clone(), "pool"), ManualClock::new());
    for host in ["a", "b", "c", "d"] {
        calls.host(host).begin(&clock).succeed();
    }
    let hosts = CallReport::of_hosts(&registry.snapshot(), "pool");
    assert_eq!(hosts.values().map(|report| report.requests).sum::<u64>(), 4);
    assert_eq!(Vec::from_iter(hosts.keys()), ["a", "other"]);
}

#[test]
fn when_warm_a_call_allocates_nothing() {
    let (_, calls, clock) = setup("pool");
    let host = calls.host("a");
    let call = || {
        let operation = calls.begin(&clock).also(&host);
        drop(operation.attempt());
        clock.advance(MS);
        drop(operation.attempt_after(MS, Some(503)));
        operation.count(|calls| {
            calls.tokens(10, 10);
            calls.cache_hit(1, 1);
        });
        operation.count(|calls| calls.ended(799));
        operation.fail(Some(503));
    };
    call();
    assert_eq!(allocation_counter::measure(call).count_total, 0);
}

#[test]
fn debug_tells_the_scope() {
    let (_, calls, clock) = setup("pool");
    let host = calls.host("a");
    drop(host.begin(&clock));
    assert_eq!(format!("{host:?}"), r#"Calls { scope: pool_requests{host="a"}, requests: 1, .. }"#);
}

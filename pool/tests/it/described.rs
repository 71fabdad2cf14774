//! What the description of an HTTP client pool that this crate implements promises, and that `docs/surface.md`, which lists
//! it, names tests that exist.

#[cfg(feature = "hyper")]
mod connections;

use std::fs;
use std::path::Path;
use std::time::Duration;

use http::{HeaderName, HeaderValue, header};
use steadfast_clock::Clock;
use steadfast_pool::backoff::{Exponential, Jitter, Policy};
use steadfast_pool::mock::{MockPool, MockResponse, When};
use steadfast_pool::{ErrorKind, HostConfig, PoolConfig, Request, Timeouts};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn get(url: &str) -> Request {
    Request::get(url).unwrap()
}

#[test]
fn the_defaults_are_those_of_the_description() {
    let config = PoolConfig::default();
    assert_eq!((config.max_idle, config.max_idle_per_host, config.max_per_host.get()), (100, 10, 100));
    assert_eq!(config.idle_timeout, secs(90));
    assert_eq!((config.dial_timeout, config.tls_timeout), (secs(30), secs(10)));
    assert_eq!((config.timeouts.header, config.timeouts.attempt), (secs(60), Some(secs(120))));
    assert!(config.enable_metrics);
    let policy = Policy::http();
    assert_eq!(policy.max_attempts(), 1 + 3);
    let schedule = policy.schedule();
    assert_eq!((schedule.base(), schedule.cap(), schedule.factor()), (secs(1), secs(30), 2.0));
    assert_eq!(schedule.jitter(), Jitter::Additive(0.1));
}

/// The waits of a pool with the defaults: 1, 2 and 4 s, and up to a tenth more.
#[tokio::test]
async fn the_default_waits_are_one_two_and_four_seconds() {
    let pool = MockPool::new();
    pool.when(When::any()).times(4, MockResponse::status(503));
    let answer = pool.execute(get("http://host/")).await.unwrap();
    let waits: Vec<Duration> = answer.attempts().iter().filter_map(|attempt| attempt.wait).collect();
    assert_eq!(waits.len(), 3);
    for (wait, about) in waits.iter().zip([1000, 2000, 4000]) {
        let range = Duration::from_millis(about)..=Duration::from_millis(about + about / 10);
        assert!(range.contains(wait), "{waits:?}");
    }
    pool.verify().unwrap();
}

/// `min(initial · multiplier^retry + jitter, max)`: no wait is longer than the longest, where jitter only shortens.
#[tokio::test]
async fn waits_grow_by_the_multiplier_up_to_the_longest() {
    let schedule = Exponential::builder().base(secs(1)).factor(3.0).cap(secs(20)).jitter(Jitter::Additive(0.1));
    let policy = Policy::new(schedule.build().unwrap(), 7).unwrap();
    let pool = MockPool::build(|pool| pool.retry(policy).without_breaker()).unwrap();
    pool.when(When::any()).always(MockResponse::status(503));
    let answer = pool.execute(get("http://host/")).await.unwrap();
    let waits: Vec<Duration> = answer.attempts().iter().filter_map(|attempt| attempt.wait).collect();
    for (wait, least) in waits.iter().zip([1, 3, 9]) {
        assert!(*wait >= secs(least) && *wait <= secs(least).mul_f64(1.1), "{waits:?}");
    }
    assert_eq!(waits.len(), 6);
    assert!(waits[3..].iter().all(|wait| (secs(18)..=secs(20)).contains(wait)), "{waits:?}");
}

#[tokio::test]
async fn settings_of_ones_own() {
    let schedule = Exponential::builder().base(Duration::from_millis(500)).cap(secs(30)).jitter(Jitter::None);
    let policy = Policy::new(schedule.build().unwrap(), 1).unwrap().with_retries(5);
    let config = PoolConfig::new().max_idle_per_host(20).timeouts(Timeouts::default().attempt(Some(secs(60))));
    assert_eq!(config.max_idle_per_host, 20);
    let pool = MockPool::build(|pool| pool.config(config).retry(policy).without_breaker()).unwrap();
    pool.when(When::host("busy")).always(MockResponse::status(503));
    let answer = pool.execute(get("http://busy/")).await.unwrap();
    assert_eq!((answer.attempts().len(), answer.attempts()[0].wait), (6, Some(Duration::from_millis(500))));
    pool.when(When::host("slow")).then(MockResponse::status(200).chunks(["x"; 100]).chunk_delay(secs(1)));
    let error = pool.execute(Request::post("http://slow/").unwrap()).await.unwrap_err();
    assert_eq!((error.kind().as_str(), error.attempts()[0].elapsed), ("attempt_timeout", secs(60)));
}

#[tokio::test]
async fn a_call_with_headers_and_a_body() {
    let pool = MockPool::new();
    pool.when(When::post("api.anthropic.com").path("/v1/messages").body("{}"))
        .then(MockResponse::status(200).body("answer"));
    let request = Request::post("https://api.anthropic.com/v1/messages").unwrap();
    let request = request
        .header(header::AUTHORIZATION, HeaderValue::from_static("Bearer key"))
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .body("{}");
    assert_eq!(pool.execute(request).await.unwrap().text(), "answer");
    let sent = &pool.requests()[0];
    assert_eq!(
        (sent.header("authorization"), sent.header("content-type")),
        (Some("Bearer key"), Some("application/json"))
    );
}

/// Exactly 429, 502, 503 and 504 are tried again; of them, 429 and 503 with the wait that they ask for.
#[tokio::test]
async fn the_statuses_that_are_tried_again() {
    for status in 200..=599 {
        let pool = MockPool::new();
        pool.when(When::any()).then(MockResponse::status(status)).always(MockResponse::status(200));
        pool.execute(get("http://host/")).await.unwrap();
        let tried_again = pool.requests().len() == 2;
        // A redirect may be followed, which is no retry.
        if !(300..400).contains(&status) {
            assert_eq!(tried_again, matches!(status, 429 | 502..=504), "{status}");
        }
    }
}

#[tokio::test]
async fn a_wait_that_the_server_asks_for_is_kept() {
    for status in [429, 502, 503, 504] {
        let pool = MockPool::new();
        pool.add_response("host", MockResponse::status(status).header("retry-after", "60"));
        pool.add_response("host", MockResponse::status(200));
        let start = pool.clock().now();
        pool.execute(get("http://host/")).await.unwrap();
        let waited = pool.clock().now().since(start);
        assert!(waited >= secs(60) && waited <= secs(66), "{waited:?}");
    }
}

#[tokio::test]
async fn a_host_has_headers_a_rate_and_a_breaker_of_its_own() {
    let pool = MockPool::build(|pool| pool.retry(Policy::disabled())).unwrap();
    let version = (HeaderName::from_static("anthropic-version"), HeaderValue::from_static("2023-06-01"));
    let config =
        HostConfig::new().default_header(version.0, version.1).per_minute(60).unwrap().breaker_after(5, secs(30), 2);
    pool.configure_host("api.anthropic.com", config).unwrap();
    pool.when(When::any().header_is("anthropic-version", "2023-06-01")).always(MockResponse::status(500));
    let start = pool.clock().now();
    for _ in 0..5 {
        assert_eq!(pool.execute(get("https://api.anthropic.com/")).await.unwrap().status(), 500);
    }
    assert_eq!(pool.clock().now().since(start), secs(4));
    let error = pool.execute(get("https://api.anthropic.com/")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BreakerOpen);
}

/// Closed, open, half-open with so many probes at most, and closed again.
#[tokio::test]
async fn the_states_of_a_breaker() {
    let pool = MockPool::build(|pool| pool.retry(Policy::disabled())).unwrap();
    pool.configure_host("host", HostConfig::new().breaker_after(2, secs(30), 1)).unwrap();
    let route = pool.when(When::any());
    route
        .times(2, MockResponse::status(500))
        .then(MockResponse::status(200).latency(secs(5)))
        .always(MockResponse::status(200));
    for _ in 0..2 {
        pool.execute(get("http://host/")).await.unwrap();
    }
    let error = pool.execute(get("http://host/")).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::BreakerOpen, Some(secs(30))));
    assert_eq!(route.requests().len(), 2);
    pool.clock().advance(secs(30));
    let (probe, other) = tokio::join!(pool.execute(get("http://host/")), pool.execute(get("http://host/")));
    assert_eq!(probe.unwrap().status(), 200);
    let other = other.unwrap_err();
    assert!(other.to_string().contains("half-open and its probes are out"), "{other}");
    assert_eq!(pool.execute(get("http://host/")).await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_figures_of_the_pool_and_of_a_host() {
    let pool = MockPool::build(|pool| pool.retry(Policy::delivery())).unwrap();
    let slow = |status| MockResponse::status(status).latency(secs(2));
    pool.when(When::host("a")).then(slow(503)).then(slow(200)).then(slow(404));
    pool.when(When::host("b")).then(slow(200));
    for url in ["http://a/", "http://a/", "http://b/"] {
        pool.execute(get(url)).await.unwrap();
    }
    let total = pool.metrics();
    assert_eq!((total.requests, total.succeeded, total.failed, total.retries), (3, 2, 1, 1));
    assert_eq!((total.latency.total, total.latency.mean), (secs(9), Some(secs(3))));
    let host = pool.host_metrics("b");
    assert_eq!((host.requests, host.latency.mean), (1, Some(secs(2))));
}

/// What a retry costs besides its wait and the attempt is no time that the pool waits.
#[tokio::test]
async fn a_retry_waits_for_nothing_but_its_wait() {
    let pool = MockPool::new();
    pool.when(When::any()).times(3, MockResponse::status(503)).then(MockResponse::status(200));
    let start = pool.clock().now();
    let answer = pool.execute(get("http://host/")).await.unwrap();
    let waits: Duration = answer.attempts().iter().filter_map(|attempt| attempt.wait).sum();
    assert_eq!(pool.clock().now().since(start), waits);
}

/// The sources of the integration tests, each with its path from `tests/it` as a module.
fn sources(folder: &Path, module: &str, into: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let module = if module.is_empty() { name } else { format!("{module}::{name}") };
        if path.is_dir() {
            sources(&path, &module, into);
        } else {
            into.push((module, fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Every row of `docs/surface.md` names its tests, and each of them exists.
#[test]
fn every_row_of_the_table_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = Vec::new();
    sources(&root.join("tests/it"), "", &mut tests);
    let text = fs::read_to_string(root.join("docs/surface.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| item"));
    let mut named = 0;
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), 3, "{row}");
        let names: Vec<&str> = cells[2].split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test: {row}");
        for name in names {
            let (module, test) = name.rsplit_once("::").unwrap();
            let exists = tests.iter().any(|(path, source)| path == module && source.contains(&format!("fn {test}(")));
            assert!(exists, "no such test: {name}");
            named += 1;
        }
    }
    assert!(named > 50, "{named} only");
}

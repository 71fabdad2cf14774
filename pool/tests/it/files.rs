//! Settings from configuration files.

use std::time::Duration;

use steadfast_pool::backoff::Policy;
use steadfast_pool::breaker::Rule;
use steadfast_pool::ratelimit::Quota;
use steadfast_pool::{HostConfig, PoolConfig, Request, Timeouts};

use crate::rig::{Told, rig, status};

#[test]
fn what_is_left_out_is_as_by_default() {
    let read: PoolConfig = serde_json::from_str("{}").unwrap();
    assert_eq!(format!("{read:?}"), format!("{:?}", PoolConfig::default()));
    let read: HostConfig = toml::from_str("").unwrap();
    assert_eq!(format!("{read:?}"), format!("{:?}", HostConfig::default()));
}

#[test]
fn a_pool_is_read_from_toml() {
    let read: PoolConfig = toml::from_str(
        r#"
        max_idle = 7
        max_per_host = 3
        max_age = "10m"
        keep_alive_interval = "none"
        dial_timeout = "1s 500ms"
        enable_metrics = false
        redirects = 3
        request_id = "none"
        [timeouts]
        header = "5s"
        attempt = "none"
        "#,
    )
    .unwrap();
    assert_eq!((read.max_idle, read.max_per_host.get(), read.enable_metrics), (7, 3, false));
    assert_eq!((read.redirects, read.request_id), (steadfast_pool::Redirects::up_to(3), None));
    assert_eq!((read.max_age, read.keep_alive_interval), (Some(Duration::from_secs(600)), None));
    assert_eq!(read.dial_timeout, Duration::from_millis(1500));
    assert_eq!(read.timeouts, Timeouts::default().header(Duration::from_secs(5)).attempt(None));
}

#[tokio::test]
async fn a_host_is_read_from_toml() {
    let read: HostConfig = toml::from_str(
        r#"
        base_url = "https://api.example.com/v1"
        per_minute = 60
        concurrency = 4
        retry_statuses = "server_errors"
        retry = { preset = "production" }
        breaker = { failures = 3, open_for = "5s" }
        timeouts = { stall = "2s" }
        [default_headers]
        api-version = "2"
        x-api-key = "canary"
        "#,
    )
    .unwrap();
    assert_eq!(read.base_url.as_ref().unwrap().as_str(), "https://api.example.com/v1");
    assert_eq!((read.quota, read.concurrency.unwrap().get()), (Some(Quota::per_minute(60).unwrap()), 4));
    assert_eq!(read.retry, Some(Policy::production()));
    assert_eq!(read.breaker, Some(Rule::new().failures(3).open_for(Duration::from_secs(5))));
    assert_eq!(read.timeouts, Some(Timeouts::default().stall(Duration::from_secs(2))));
    assert!(read.default_headers["x-api-key"].is_sensitive() && !read.default_headers["api-version"].is_sensitive());
    assert!(!format!("{read:?}").contains("canary"));
    let mut unlimited = read;
    unlimited.quota = None;
    let transport = Told::new([status(500), status(200)]);
    let rig = rig(|pool| pool.transport(transport.clone()).host("api.example.com", unlimited));
    let response = rig.pool.execute(Request::get("https://api.example.com/").unwrap()).await.unwrap();
    assert_eq!(response.attempts().len(), 2);
}

#[test]
fn what_is_wrong_is_told_with_its_field() {
    for (text, expected) in [
        (r#"{ "dial_timeout": 30 }"#, "`dial_timeout`: "),
        (r#"{ "dial_timeout": "30" }"#, "`dial_timeout`: "),
        (r#"{ "request_id": "a b" }"#, "`request_id`: not a header's name"),
        (r#"{ "max_per_host": 0 }"#, "`max_per_host`: "),
        (r#"{ "timeouts": { "header": "x" } }"#, "`timeouts`: `header`: "),
        (r#"{ "timeouts": { "head": "1s" } }"#, "`timeouts`: unknown field `head`, expected one of `header`"),
        (r#"{ "max_idle_conns": 1 }"#, "unknown field `max_idle_conns`"),
        (r#"{ "max_idle": 1, "max_idle": 2 }"#, "duplicate field `max_idle`"),
    ] {
        let error = serde_json::from_str::<PoolConfig>(text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
    for (text, expected) in [
        (r#"{ "per_minute": 0 }"#, "`per_minute`: "),
        (r#"{ "per_minute": 1, "quota": { "permits": 1, "per": "1s" } }"#, "`quota`: there is a rate already"),
        (r#"{ "quota": { "permits": 0, "per": "1s" } }"#, "`quota`: `permits`: "),
        (r#"{ "breaker": { "failures": 0 } }"#, "`breaker`: "),
        (r#"{ "concurrency": 0 }"#, "`concurrency`: "),
        (r#"{ "retry_statuses": "all" }"#, "`retry_statuses`: unknown variant `all`"),
        (r#"{ "base_url": "nonsense" }"#, "`base_url`: not a URL"),
        (r#"{ "default_headers": { "a b": "x" } }"#, "`default_headers`: `a b`: not a header's name"),
        (r#"{ "default_headers": { "x-key": "canary\n" } }"#, "`default_headers`: `x-key`: a value"),
    ] {
        let error = serde_json::from_str::<HostConfig>(text).unwrap_err().to_string();
        assert!(error.starts_with(expected) && !error.contains("canary"), "{text}: {error}");
    }
}

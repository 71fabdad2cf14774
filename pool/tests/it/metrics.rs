//! The figures add up, for the pool and for each host.

use std::time::Duration;

use steadfast_pool::{Request, TransportErrorKind};

use crate::held::Held;
use crate::rig::{Told, failed, rig, status};

#[tokio::test]
async fn calls_attempts_and_retries_are_told_apart() {
    let transport = Told::new([
        status(503),
        Ok((429, vec![("retry-after", String::from("5"))], "")),
        Ok((200, Vec::new(), "12345")),
        status(404),
        failed(TransportErrorKind::Refused, steadfast_pool::Reached::NotConnected),
        status(200),
    ]);
    let rig = rig(|pool| pool.transport(transport.clone()));
    for host in ["a", "a", "b:81"] {
        rig.pool.execute(Request::post(&format!("http://{host}/")).unwrap().body("123")).await.unwrap();
    }
    let total = rig.pool.metrics();
    assert_eq!((total.requests, total.succeeded, total.failed, total.cancelled), (3, 2, 1, 0));
    assert_eq!((total.attempts, total.retries), (6, 3));
    assert_eq!(total.retries_by_status.iter().map(|(k, v)| (*k, *v)).collect::<Vec<_>>(), [(429, 1), (503, 1)]);
    assert_eq!(total.final_status, [(200, 2), (404, 1)].into());
    assert_eq!(total.hinted_wait.count, 1);
    let hinted = total.hinted_wait.max.unwrap();
    assert!(hinted >= Duration::from_secs(5) && hinted <= Duration::from_millis(5_600));
    assert_eq!((total.retry_delay.count, total.active), (3, 0));
    assert_eq!((total.bytes_in, total.bytes_out), (5, 3 * 6));
    assert!(total.latency.p50.is_some() && total.latency.mean.unwrap() > Duration::ZERO);
    assert_eq!(rig.pool.host_metrics("a").requests, 2);
    assert_eq!(rig.pool.host_metrics("b:81").retries, 1);
    assert_eq!(rig.pool.host_metrics("never").latency.p50, None);
}

#[tokio::test]
async fn transient_hosts_are_counted_together() {
    let transport = Told::new([]);
    let rig = rig(|pool| pool.transport(transport.clone()));
    let mut series = 0;
    for n in 0..100 {
        let request = Request::get(&format!("http://device-{n}/")).unwrap().transient();
        rig.pool.execute(request).await.unwrap();
        if n == 0 {
            series = rig.pool.snapshot().counters.len();
        }
    }
    assert_eq!(rig.pool.metrics().requests, 100);
    assert_eq!(rig.pool.snapshot().counters.len(), series);
    assert_eq!(rig.pool.host_metrics("other").succeeded, 100);
    assert!(transport.headers().iter().all(|headers| headers["connection"] == "close"));
}

#[tokio::test]
async fn only_so_many_hosts_have_figures_of_their_own() {
    let transport = Told::new([]);
    let config = steadfast_pool::PoolConfig::new().max_host_figures(3);
    let rig = rig(|pool| pool.transport(transport.clone()).config(config));
    for n in 0..100 {
        rig.pool.execute(Request::get(&format!("http://host-{n}/")).unwrap()).await.unwrap();
    }
    assert_eq!(rig.pool.metrics().requests, 100);
    let remembered = (0..100).filter(|n| rig.pool.host_metrics(&format!("host-{n}")).requests > 0).count();
    assert_eq!(remembered, 3);
    assert_eq!(rig.pool.host_metrics("other").requests, 97);
    let hosts = steadfast_pool::telemetry::CallReport::of_hosts(&rig.pool.snapshot(), "pool");
    assert_eq!(hosts.values().map(|host| host.requests).sum::<u64>(), 100);
}

#[tokio::test]
async fn a_call_that_the_limit_lets_through_at_once_did_not_wait() {
    let transport = Told::new([]);
    // A clock of its own going on: no time is exactly zero.
    let pool = steadfast_pool::Pool::builder().transport(transport).build().unwrap();
    let quota = steadfast_pool::ratelimit::Quota::per_second(1_000_000).unwrap().burst(1000).unwrap();
    pool.configure_host("host", steadfast_pool::HostConfig::new().quota(quota)).unwrap();
    for _ in 0..10 {
        pool.execute(Request::get("http://host/").unwrap()).await.unwrap();
    }
    assert_eq!(pool.metrics().limit_wait.count, 0);
}

#[tokio::test]
async fn connections_and_their_times_are_told() {
    let rig = rig(|pool| pool.transport(Held::open()));
    for host in ["a", "a", "b", "a"] {
        rig.pool.execute(Request::get(&format!("http://{host}/")).unwrap()).await.unwrap();
    }
    let (total, host) = (rig.pool.metrics(), rig.pool.host_metrics("a"));
    assert_eq!((total.exchanges_new, total.exchanges_reused, total.reuse_rate()), (1, 3, Some(0.75)));
    assert_eq!((host.exchanges_new, host.exchanges_reused), (1, 2));
    assert_eq!(rig.pool.host_metrics("b").reuse_rate(), Some(1.0));
    for (time, ms) in [(total.dns, 1), (total.dial, 2), (total.tls, 3), (host.tls, 3)] {
        assert_eq!((time.count, time.total), (1, Duration::from_millis(ms)));
    }
    assert_eq!((total.first_byte.count, host.first_byte.count), (4, 3));
    assert_eq!((total.active_connections(), total.idle_connections()), (Some(0), Some(0)));
    assert_eq!(rig.pool.connections().unwrap().active, 0);
    assert_eq!((host.active_connections(), rig.pool.host_connections("A").unwrap().active), (Some(3), 3));
    let text = total.to_string();
    assert!(text.contains("75.0 %") && text.contains("0 active, 0 idle"), "{text}");
}

#[tokio::test]
async fn a_transport_that_cannot_tell_is_not_guessed_for() {
    let rig = rig(|pool| pool.transport(Told::new([])));
    rig.pool.execute(Request::get("http://a/").unwrap()).await.unwrap();
    let metrics = rig.pool.metrics();
    assert_eq!((metrics.reuse_rate(), metrics.active_connections(), metrics.connections), (None, None, None));
}

#[tokio::test]
async fn nothing_is_counted_where_metrics_are_off() {
    let config = steadfast_pool::PoolConfig::new().enable_metrics(false);
    let rig = rig(|pool| pool.transport(Told::new((0..9).map(|_| status(503)))).config(config));
    let _ = rig.pool.execute(Request::get("http://a/").unwrap()).await;
    assert_eq!(rig.pool.metrics(), steadfast_pool::PoolMetrics::new());
    let snapshot = rig.pool.snapshot();
    assert!(snapshot.counters.is_empty() && snapshot.histograms.is_empty());
    // Breakers work all the same.
    assert_eq!(rig.pool.execute(Request::get("http://a/").unwrap()).await.unwrap_err().attempts().len(), 1);
}

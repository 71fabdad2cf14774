//! The laws of hosts: which configuration is whose, how many calls there are at once, and what their figures add up to.

use std::collections::HashMap;
use std::num::NonZeroU32;

use http::{HeaderName, HeaderValue};
use proptest::prelude::*;
use steadfast_pool::telemetry::CallReport;
use steadfast_pool::{HostConfig, PoolConfig, Request};

use crate::held::Held;
use crate::rig::{Told, rig, status};

const NAME: HeaderName = HeaderName::from_static("x-config");

/// Names of few labels, so that they often are below one another.
fn host() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(vec!["a", "b", "B", "c"]), 1..5)
        .prop_map(|labels| labels.join("."))
}

fn port() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["", "", ":81", ":82", ":443"])
}

/// The configuration of a host by trying every one: the most specific of those that fit.
fn naive(patterns: &HashMap<String, usize>, host: &str) -> Option<usize> {
    let host = host.to_lowercase();
    let host = host.strip_suffix(":443").unwrap_or(&host);
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    let fits = |pattern: &str| {
        let (of, at) = pattern.split_once(':').unwrap_or((pattern, ""));
        let named =
            of.strip_prefix('*').map_or(of == name, |domain| name.ends_with(domain) && name.len() > domain.len());
        named && (at.is_empty() || at == port)
    };
    let rank = |pattern: &str| {
        let name = pattern.split(':').next().unwrap_or_default();
        (!pattern.starts_with('*'), name.len(), pattern.contains(':'))
    };
    patterns.iter().filter(|(pattern, _)| fits(pattern)).max_by_key(|(pattern, _)| rank(pattern)).map(|(_, n)| *n)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    /// The configuration of a host is the one that a look at all of them finds, also when they are set and taken back
    /// while the host is known.
    #[test]
    fn the_most_specific_configuration_is_the_hosts(
        steps in proptest::collection::vec((host(), port(), any::<bool>(), any::<bool>()), 1..8),
        hosts in proptest::collection::vec((host(), port()), 1..4),
    ) {
        let transport = Told::new([]);
        let rig = rig(|pool| pool.transport(transport.clone()));
        let mut patterns = HashMap::new();
        for (n, (name, port, below, set)) in steps.iter().enumerate() {
            let pattern = format!("{}{name}{port}", if *below { "*." } else { "" });
            let plain = pattern.to_lowercase();
            let plain = plain.strip_suffix(":443").unwrap_or(&plain).to_owned();
            if *set {
                let config = HostConfig::new().default_header(NAME, HeaderValue::from(n));
                rig.pool.configure_host(&pattern, config).unwrap();
                patterns.insert(plain, n);
            } else {
                rig.pool.remove_host(&pattern);
                patterns.remove(&plain);
            }
            for (name, port) in &hosts {
                let host = format!("{name}{port}");
                block_on(rig.pool.execute(Request::get(&format!("https://{host}/")).unwrap())).unwrap();
                let told = transport.headers().pop().unwrap();
                let told: Option<usize> = told.get(NAME).map(|value| value.to_str().unwrap().parse().unwrap());
                prop_assert_eq!(told, naive(&patterns, &host), "{} in {:?}", host, &patterns);
            }
        }
    }

    /// Whatever hosts come and go, the figures of all hosts add up to the total, and no more hosts than allowed have
    /// figures of their own.
    #[test]
    fn the_figures_of_hosts_add_up_to_the_total(
        calls in proptest::collection::vec((0_u8..12, any::<bool>(), proptest::sample::select(vec![200, 404, 503])), 1..12),
        max_hosts in 1_u32..6,
        max_figures in 0_usize..6,
    ) {
        let transport = Told::new(calls.iter().map(|(.., code)| status(*code)));
        let config = PoolConfig::new().max_hosts(NonZeroU32::new(max_hosts).unwrap()).max_host_figures(max_figures);
        let rig = rig(|pool| pool.transport(transport.clone()).config(config).without_breaker());
        for (host, transient, _) in &calls {
            let request = Request::get(&format!("http://host-{host}/")).unwrap();
            let request = if *transient { request.transient() } else { request };
            let _ = block_on(rig.pool.execute(request));
        }
        let (snapshot, total) = (rig.pool.snapshot(), rig.pool.metrics());
        let hosts = CallReport::of_hosts(&snapshot, "pool");
        let sum = |figure: fn(&CallReport) -> u64| hosts.values().map(figure).sum::<u64>();
        prop_assert_eq!(sum(|host| host.requests), total.requests);
        prop_assert_eq!(sum(|host| host.succeeded), total.succeeded);
        prop_assert_eq!(sum(|host| host.failed), total.failed);
        prop_assert_eq!(sum(|host| host.attempts), total.attempts);
        prop_assert_eq!(sum(|host| host.retries), total.retries);
        prop_assert_eq!(sum(|host| host.latency.count), total.latency.count);
        prop_assert!(hosts.keys().filter(|host| *host != "other").count() <= max_figures);
    }

    /// However calls end or are given up, there are never more under way than may be, no place is lost, and calls go on
    /// while the limit is changed.
    #[test]
    fn calls_under_way_are_never_above_their_limit(
        steps in proptest::collection::vec((0_u8..4, 0_usize..8), 1..24),
        limit in 1_u32..4,
    ) {
        let transport = Held::new();
        let limited = |limit| HostConfig::new().concurrency(NonZeroU32::new(limit).unwrap());
        let pool = rig(|pool| pool.transport(transport.clone()).host("host", limited(limit))).pool;
        transport.heads.add_permits(1 << 10);
        block_on(async {
            let mut calls = Vec::new();
            for (step, which) in steps {
                match step {
                    0 | 1 => {
                        let pool = pool.clone();
                        calls.push(tokio::spawn(async move {
                            let mut stream = pool.stream(Request::get("http://host/").unwrap()).await.unwrap();
                            while stream.chunk().await.unwrap().is_some() {}
                        }));
                    }
                    2 if !calls.is_empty() => {
                        let call = calls.swap_remove(which % calls.len());
                        call.abort();
                        let _ = call.await;
                    }
                    2 => {}
                    _ => {
                        transport.ends.add_permits(1);
                        pool.configure_host("host", limited(limit).default_header(NAME, HeaderValue::from(which))).unwrap();
                    }
                }
                for _ in 0..8 {
                    tokio::task::yield_now().await;
                }
            }
            transport.ends.add_permits(1 << 10);
            for call in calls {
                call.await.unwrap();
            }
            // All places are free again: as many as may be find one at once.
            for _ in 0..limit {
                pool.execute(Request::get("http://host/").unwrap()).await.unwrap();
            }
            pool.close().await;
        });
        prop_assert!(transport.most() <= limit as usize, "{} at once, limit {}", transport.most(), limit);
        prop_assert_eq!(transport.under_way(), 0);
        prop_assert_eq!(pool.metrics().active, 0);
    }
}

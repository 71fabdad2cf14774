//! What is set for a host or a domain, and what is remembered of hosts.

use std::num::NonZeroU32;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use steadfast_clock::Clock;
use steadfast_pool::backoff::{Policy, StatusSet};
use steadfast_pool::breaker::Rule;
use steadfast_pool::ratelimit::Quota;
use steadfast_pool::{CallContext, ErrorKind, HostConfig, Phase, PoolConfig, Request, Timeouts};

use crate::held::Held;
use crate::rig::{Told, let_time_pass, rig, status};

const NAME: HeaderName = HeaderName::from_static("x-config");

fn named(name: &'static str) -> HostConfig {
    HostConfig::new().default_header(NAME, HeaderValue::from_static(name))
}

fn get(url: &str) -> Request {
    Request::get(url).unwrap()
}

#[tokio::test]
async fn names_go_before_domains_and_longer_domains_before_shorter_ones() {
    let transport = Told::new([]);
    let rig = rig(|pool| {
        pool.transport(transport.clone())
            .host("*.example.com", named("domain"))
            .host(".eu.example.com", named("longer"))
            .host("API.eu.example.com.", named("name"))
            .host("api.eu.example.com:8443", named("port"))
            .host("*.Bücher.example", named("idn"))
    });
    for (url, expected) in [
        ("https://a.example.com/", Some("domain")),
        ("https://a.b.example.com:444/", Some("domain")),
        ("https://a.eu.example.com/", Some("longer")),
        ("https://Api.Eu.Example.com./", Some("name")),
        ("https://api.eu.example.com:443/", Some("name")),
        ("https://api.eu.example.com:8443/", Some("port")),
        ("https://shop.xn--bcher-kva.example/", Some("idn")),
        ("https://example.com/", None),
        ("https://badexample.com/", None),
    ] {
        rig.pool.execute(get(url)).await.unwrap();
        let told = transport.headers().pop().unwrap();
        assert_eq!(told.get(NAME).map(|value| value.to_str().unwrap()), expected, "{url}");
    }
    for wrong in ["", "https://host", "*.10.0.0.1"] {
        assert_eq!(rig.pool.configure_host(wrong, HostConfig::new()).unwrap_err().kind(), ErrorKind::Config);
    }
}

#[tokio::test]
async fn what_was_set_can_be_seen_and_taken_back() {
    let transport = Told::new([]);
    let rig = rig(|pool| pool.transport(transport.clone()).host("*.example.com", named("domain")));
    rig.pool.configure_host("a.example.com", named("name")).unwrap();
    assert!(rig.pool.host_config("A.example.com").unwrap().default_headers.contains_key(NAME));
    assert!(rig.pool.host_config("b.example.com").is_none());
    for expected in ["name", "domain"] {
        rig.pool.execute(get("http://a.example.com/")).await.unwrap();
        assert_eq!(transport.headers().pop().unwrap()[NAME], expected);
        rig.pool.remove_host("a.example.com");
    }
    rig.pool.remove_host("*.example.com");
    rig.pool.execute(get("http://a.example.com/")).await.unwrap();
    assert!(!transport.headers().pop().unwrap().contains_key(NAME));
}

#[tokio::test]
async fn one_host_has_one_state_however_it_is_written() {
    let transport = Told::new((0..5).map(|_| status(500)));
    let rig = rig(|pool| pool.transport(transport.clone()).retry(Policy::disabled()));
    let forms =
        ["https://host.example/", "https://HOST.example/", "https://host.example:443/", "https://host.example./"];
    for url in forms.iter().chain(["http://host.example/"].iter()) {
        rig.pool.execute(get(url)).await.unwrap();
    }
    assert_eq!(rig.pool.execute(get(forms[0])).await.unwrap_err().kind(), ErrorKind::BreakerOpen);
    assert_eq!(rig.pool.host_metrics("Host.example:443").requests, 6);
    assert_eq!(rig.pool.execute(get("https://host.example:8443/")).await.unwrap().status(), 200);
}

#[tokio::test]
async fn limits_keep_what_was_taken_when_the_host_is_configured_anew() {
    let transport = Told::new([]);
    let rig = rig(|pool| pool.transport(transport.clone()));
    let soon = || {
        let at = rig.clock.now().saturating_add(Duration::from_millis(1));
        get("http://host/").context(CallContext::new().deadline(at))
    };
    let limited = |per_minute| HostConfig::new().quota(Quota::per_minute(per_minute).unwrap());
    rig.pool.configure_host("host", limited(60)).unwrap();
    rig.pool.execute(soon()).await.unwrap();
    // The same limit, and then another: neither gives back what was taken.
    for per_minute in [60, 120] {
        rig.pool.configure_host("host", limited(per_minute)).unwrap();
        assert_eq!(rig.pool.execute(soon()).await.unwrap_err().kind(), ErrorKind::RateLimited);
    }
    rig.clock.advance(Duration::from_millis(500));
    rig.pool.execute(soon()).await.unwrap();
    rig.pool.configure_host("host", HostConfig::new()).unwrap();
    rig.pool.execute(soon()).await.unwrap();
}

#[tokio::test]
async fn a_breaker_stays_as_it_is_when_its_rule_does() {
    let transport = Told::new((0..5).map(|_| status(500)));
    let rig = rig(|pool| pool.transport(transport.clone()).retry(Policy::disabled()));
    for _ in 0..5 {
        rig.pool.execute(get("http://host/")).await.unwrap();
    }
    rig.pool.configure_host("host", named("anew")).unwrap();
    assert_eq!(rig.pool.execute(get("http://host/")).await.unwrap_err().kind(), ErrorKind::BreakerOpen);
    let ruled = HostConfig::new().breaker_after(2, Duration::from_secs(7), 1);
    assert_eq!(ruled.breaker, Some(Rule::new().failures(2).open_for(Duration::from_secs(7)).probes(1).successes(1)));
    rig.pool.configure_host("host", ruled).unwrap();
    assert_eq!(rig.pool.execute(get("http://host/")).await.unwrap().status(), 200);
}

#[tokio::test]
async fn hosts_give_way_to_new_ones_unless_that_would_lose_something() {
    let transport = Held::new();
    let config = PoolConfig::new().max_hosts(NonZeroU32::new(2).unwrap()).max_host_figures(0);
    let rig = rig(|pool| pool.transport(transport.clone()).config(config).retry(Policy::disabled()));
    // A call is under way at the first, so that it is not forgotten however long ago it was used.
    transport.heads.add_permits(1);
    let held = rig.pool.stream(get("http://first/")).await.unwrap();
    transport.heads.add_permits(100);
    transport.ends.add_permits(100);
    held.report(steadfast_pool::breaker::Outcome::Failure);
    for n in 0..50 {
        rig.pool.execute(get(&format!("http://host-{n}/"))).await.unwrap();
    }
    for _ in 0..4 {
        held.report(steadfast_pool::breaker::Outcome::Failure);
    }
    drop(held);
    for n in 0..10 {
        rig.pool.execute(get(&format!("http://host-{n}/"))).await.unwrap();
    }
    // Nor when its breaker is open.
    assert_eq!(rig.pool.execute(get("http://first/")).await.unwrap_err().kind(), ErrorKind::BreakerOpen);
    assert_eq!(rig.pool.host_metrics("other").requests, 62);
}

#[tokio::test]
async fn a_hosts_own_timeouts_statuses_and_judge() {
    let transport = Held::new();
    let short = Timeouts::default().header(Duration::from_secs(2));
    let rig = rig(|pool| {
        pool.transport(transport.clone()).retry(Policy::disabled()).host("slow", HostConfig::new().timeouts(short))
    });
    let pool = rig.pool.clone();
    let call = tokio::spawn(async move { pool.execute(get("http://slow/")).await });
    let_time_pass(&rig.clock, Duration::from_secs(2)).await;
    assert_eq!(call.await.unwrap().unwrap_err().kind(), ErrorKind::Timeout(Phase::Header));

    let transport = Told::new([status(418), status(200), status(418), status(200), status(503)]);
    let teapot = StatusSet::of(&[418]);
    let rig = crate::rig::rig(|pool| {
        pool.transport(transport.clone()).host("pot", HostConfig::new().retry_statuses(teapot)).retry_statuses(teapot)
    });
    assert_eq!(rig.pool.execute(get("http://pot/")).await.unwrap().attempts().len(), 2);
    assert_eq!(rig.pool.execute(get("http://cup/")).await.unwrap().attempts().len(), 2);
    let strict = get("http://pot/").retry_statuses(StatusSet::of(&[]));
    assert_eq!(rig.pool.execute(strict).await.unwrap().status(), 503);
}

#[tokio::test]
async fn paths_are_appended_to_the_base_url_and_never_replace_it() {
    let rig = rig(|pool| pool.transport(Held::open()));
    let base = "https://api.example.com/v1/".parse().unwrap();
    rig.pool.configure_host("api.example.com", HostConfig::new().base_url(base)).unwrap();
    let host = rig.pool.host("API.example.com").unwrap();
    for (path, expected) in [
        ("chat", "https://api.example.com/v1/chat"),
        ("/chat/completions", "https://api.example.com/v1/chat/completions"),
        ("/chat?x=1&y=2#z", "https://api.example.com/v1/chat"),
        ("", "https://api.example.com/v1/"),
        ("https://evil.example/", "https://api.example.com/v1/https://evil.example/"),
        ("//evil.example/x", "https://api.example.com/v1//evil.example/x"),
        ("/a/../b", "https://api.example.com/v1/b"),
    ] {
        assert!(format!("{:?}", host.get(path).unwrap()).contains(&format!("GET {expected}\"")), "{path}");
    }
    for path in ["../x", "/a/../../x", "%2e%2e/x", ".."] {
        assert_eq!(host.post(path).unwrap_err().kind(), ErrorKind::Request, "{path}");
    }
    host.execute(host.request(Method::PUT, "x").unwrap()).await.unwrap();
    drop(host.stream(host.post("y?q=secret").unwrap()).await.unwrap());
    assert_eq!((host.metrics().requests, host.connections().unwrap().active), (2, 2));
    assert_eq!(host.pool().metrics().requests, 2);
    assert_eq!(format!("{host:?}"), "HostClient { base: \"https://api.example.com/v1/\", .. }");
    assert_eq!(rig.pool.host("other.example:8443").unwrap().base_url().as_str(), "https://other.example:8443/");
    assert_eq!(rig.pool.host("*.example.com").unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn a_base_url_is_of_the_host_that_it_is_set_for() {
    let rig = rig(|pool| pool.transport(Held::open()));
    let based = |url: &str| HostConfig::new().base_url(url.parse().unwrap());
    for (host, base) in [
        ("api.example.com", "https://evil.example/"),
        ("*.example.com", "https://api.example.com/"),
        ("api.example.com", "ftp://api.example.com/"),
        ("api.example.com", "https://user:password@api.example.com/"),
        ("api.example.com:8443", "https://api.example.com/"),
    ] {
        let error = rig.pool.configure_host(host, based(base)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{host} {base}");
        assert!(!format!("{error:?}").contains("password"));
    }
    rig.pool.configure_host("api.example.com", based("https://api.example.com:8443/v1")).unwrap();
    assert_eq!(HostConfig::new().per_minute(0).unwrap_err().kind(), ErrorKind::Config);
}

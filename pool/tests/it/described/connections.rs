//! Connections of a pool over real sockets, on a clock that the test moves.

use std::num::NonZeroU32;
use std::time::Duration;

use steadfast_pool::backoff::Policy;
use steadfast_pool::{ErrorKind, Phase, Pool, PoolConfig, Reached, Request};
use steadfast_testkit::{Reply, Script, Server};

use super::secs;
use crate::rig::{Rig, rig};

async fn server() -> Server {
    Server::start(Script::new().always(Reply::status(200).body("x"))).await.unwrap()
}

fn over(config: PoolConfig) -> Rig {
    rig(|pool| pool.config(config))
}

/// So many calls at once.
async fn calls(pool: &Pool, server: &Server, calls: usize) {
    let request = || Request::get(server.url()).unwrap();
    let all = (0..calls).map(|_| {
        let (pool, request) = (pool.clone(), request());
        tokio::spawn(async move { pool.execute(request).await.unwrap() })
    });
    for call in all.collect::<Vec<_>>() {
        call.await.unwrap();
    }
}

#[tokio::test]
async fn a_host_has_no_more_than_it_may() {
    let server = server().await;
    let rig = over(PoolConfig::new().max_per_host(NonZeroU32::new(2).unwrap()));
    calls(&rig.pool, &server, 20).await;
    assert!((1..=2).contains(&server.connections()), "{}", server.connections());
    assert_eq!(rig.pool.metrics().succeeded, 20);
}

#[tokio::test]
async fn idle_ones_are_kept_within_their_limits_and_for_their_time() {
    let (one, other) = (server().await, server().await);
    let config = PoolConfig::new().max_idle_per_host(2).max_idle(3);
    assert_eq!(config.idle_timeout, secs(90));
    let rig = over(config);
    calls(&rig.pool, &one, 8).await;
    assert!(rig.pool.connections().unwrap().idle <= 2);
    calls(&rig.pool, &other, 8).await;
    let idle = rig.pool.connections().unwrap().idle;
    assert!((1..=3).contains(&idle), "{idle}");
    rig.clock.advance(secs(90));
    while rig.pool.connections().unwrap().idle > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nine_of_ten_exchanges_and_more_are_over_connections_that_are_there() {
    let server = server().await;
    let rig = over(PoolConfig::new());
    for _ in 0..20 {
        calls(&rig.pool, &server, 8).await;
    }
    let metrics = rig.pool.metrics();
    assert!(metrics.reuse_rate().unwrap() > 0.9, "{metrics}");
    let (active, idle) = (metrics.active_connections().unwrap(), metrics.idle_connections().unwrap());
    assert!(active == 0 && (1..=10).contains(&idle), "{active} {idle}");
}

#[tokio::test]
async fn a_handshake_that_stalls_is_told_apart_from_dialling() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let rig = rig(|pool| pool.retry(Policy::disabled()));
    let pool = rig.pool.clone();
    let call = tokio::spawn(async move { pool.execute(Request::get(&url).unwrap()).await });
    let _silent = listener.accept().await.unwrap();
    while !call.is_finished() {
        tokio::task::yield_now().await;
        rig.clock.advance(Duration::from_millis(10));
    }
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Phase::Tls));
    assert_eq!(error.attempts()[0].reached, Reached::NotConnected);
}

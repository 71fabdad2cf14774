//! A host that is dying costs the others nothing: no place, no connection, no turn.

use std::num::NonZeroU32;
use std::time::Duration;

use steadfast_clock::Clock;
use steadfast_pool::backoff::Policy;
use steadfast_pool::{CallContext, ErrorKind, HostConfig, Phase, Pool, Request};
use steadfast_testkit::{DeadPort, Reply, Script, Server};
use tokio::task::JoinSet;

use super::{all, until};
use crate::held::Held;
use crate::rig::{Rig, rig};

/// Connections that a host may have.
const MOST: u32 = 4;

fn two_limits(clients: NonZeroU32) -> Rig {
    use steadfast_pool::{PoolConfig, Proxies};
    let config = PoolConfig::new().proxies(Proxies::none()).max_per_host(clients);
    rig(|pool| pool.config(config).retry(Policy::disabled()))
}

/// Calls that a dying host keeps, more than it may have connections.
fn stuck(pool: &Pool, url: &str) -> JoinSet<Result<steadfast_pool::Response, steadfast_pool::Error>> {
    let mut calls = JoinSet::new();
    for _ in 0..10 * MOST {
        let (pool, request) = (pool.clone(), Request::get(url).unwrap());
        calls.spawn(async move { pool.execute(request).await });
    }
    calls
}

/// Whether a host never answers, or never even takes up a connection: all its connections are busy, everyone else waits
/// for one of them, and calls to another host get connections of their own and their answers.
///
/// The clock stands still all the while: nothing of it is owed to a limit that ran out.
#[tokio::test]
async fn who_waits_for_a_dying_host_is_in_nobodys_way() {
    let silent = DeadPort::silent().unwrap();
    let full = DeadPort::full().unwrap();
    let stalled =
        Server::start(Script::new().always(Reply::status(200).body("0123456789").stall_after(4))).await.unwrap();
    for url in [silent.url(), full.url(), stalled.url().to_owned()] {
        let healthy = Server::start(Script::new().always(Reply::status(200).body("well"))).await.unwrap();
        let rig = two_limits(NonZeroU32::new(MOST).unwrap());
        let calls = stuck(&rig.pool, &url);
        until("all have begun", || rig.pool.metrics().attempts == u64::from(10 * MOST)).await;
        for _ in 0..3 {
            for answer in all(stuck(&rig.pool, healthy.url())).await {
                assert_eq!(answer.unwrap().body(), "well");
            }
        }
        assert!(healthy.connections() <= u64::from(MOST));
        drop(calls);
        // Those that waited and went away hold up nobody either.
        let connections = rig.pool.connections().unwrap();
        assert!(connections.active <= MOST as usize, "{connections:?}");
    }
}

/// The calls to the dying host themselves end, each within its own limit.
#[tokio::test]
async fn who_waits_for_a_dying_host_is_told_which_limit_ran_out() {
    let silent = DeadPort::silent().unwrap();
    let rig = two_limits(NonZeroU32::new(MOST).unwrap());
    let mut calls = stuck(&rig.pool, &silent.url());
    until("the connections are busy", || rig.pool.connections().unwrap().active == MOST as usize).await;
    let mut kinds = Vec::new();
    while !calls.is_empty() {
        rig.clock.advance(Duration::from_secs(1));
        for _ in 0..64 {
            tokio::task::yield_now().await;
        }
        while let Some(ended) = calls.try_join_next() {
            kinds.push(ended.unwrap().unwrap_err().kind());
        }
    }
    let count = |kind| kinds.iter().filter(|known| **known == kind).count();
    let busy = count(ErrorKind::Timeout(Phase::Header)) + count(ErrorKind::Timeout(Phase::Attempt));
    assert!(busy >= MOST as usize, "{kinds:?}");
    assert_eq!(busy + count(ErrorKind::Timeout(Phase::Acquire)), 10 * MOST as usize, "{kinds:?}");
}

/// A host's own limits hold up nobody but who calls it: all its places are taken, a crowd waits for one, its rate is spent,
/// and a call to another host is through before any time passes.
#[tokio::test]
async fn the_limits_of_one_host_are_in_nobody_elses_way() {
    let transport = Held::new();
    let rig = rig(|pool| pool.transport(transport.clone()));
    let one_place = HostConfig::new().concurrency(NonZeroU32::MIN);
    rig.pool.configure_host("dying", one_place).unwrap();
    rig.pool.configure_host("slow", HostConfig::new().per_minute(1).unwrap()).unwrap();
    let deadline = rig.clock.now().saturating_add(Duration::from_secs(600));
    let mut waiting = JoinSet::new();
    for n in 0..100 {
        let host = if n % 2 == 0 { "http://dying/" } else { "http://slow/" };
        let request = Request::get(host).unwrap().context(CallContext::new().deadline(deadline));
        let pool = rig.pool.clone();
        waiting.spawn(async move { pool.execute(request).await.map(|_| ()) });
    }
    while transport.under_way() < 2 {
        tokio::task::yield_now().await;
    }
    let before = rig.clock.now();
    let pool = rig.pool.clone();
    let other = tokio::spawn(async move { pool.stream(Request::get("http://well/").unwrap()).await.map(|_| ()) });
    while transport.under_way() < 3 {
        tokio::task::yield_now().await;
    }
    transport.heads.add_permits(3);
    other.await.unwrap().unwrap();
    assert_eq!(rig.clock.now(), before);
    drop(waiting);
}

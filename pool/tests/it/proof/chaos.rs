//! A great many calls through one pool against servers that fail in every way: each ends once and as it says, nothing is
//! executed twice without leave, and nothing is left behind.

mod call;
mod tally;
mod town;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use steadfast_pool::Pool;
use steadfast_pool::telemetry::Key;
use tokio::task::JoinSet;

use self::call::{Course, Leave};
use self::tally::Tally;
use self::town::Town;
use super::{Counter, all, tasks, timer, until};
use crate::transports::Make;

/// How many calls there are while everything fails, and how many at a time.
const CALLS: u64 = 100_000;
const WORKERS: usize = 128;

/// So many follow when the servers are well again.
const CALM: u64 = 2_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_calls_through_the_own_transport() {
    let hyper: Make = |config| Ok(Arc::new(steadfast_pool::HyperTransport::new(config, timer())?));
    prove(hyper, CALLS, true).await;
}

#[cfg(feature = "reqwest")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_through_reqwest() {
    let reqwest: Make = |config| Ok(Arc::new(steadfast_pool::ReqwestTransport::new(config)?));
    prove(reqwest, CALLS / 10, false).await;
}

/// Every call ends once, with its own whole answer or with an error that agrees with its ledger; no attempt begins beyond
/// the deadline; no request is executed twice without leave; the sums of the figures are those of the calls; servers that
/// are well again are called without a failure; and a closed pool leaves neither tasks nor connections.
///
/// `exact`: the transport speaks HTTP/2, tells of its connections, and sends nothing again by itself.
async fn prove(transport: Make, calls: u64, exact: bool) {
    let before = tasks();
    let town = Town::in_chaos().await;
    let pool = town.pool(transport);
    let mut tally = many(&pool, &town, 0..calls, Course::rough).await;
    tally.check_chaos(calls);
    town.check_faults(exact);
    for (n, handled) in town.more_than_once() {
        match Course::rough(n).leave {
            Leave::Granted => {}
            Leave::Once => assert!(handled.possibly_executed() <= 2, "{n}: {handled:?}"),
            Leave::Denied => panic!("{n} was executed twice: {handled:?}"),
        }
    }
    let reached = town.requests();
    let town = town.recovered().await;
    tally.add(town.revive(&pool, calls..calls + 1_000).await);
    // Some idle connections ended with the servers that were ill; only the own transport looks before it writes.
    let course = if exact { Course::calm } else { Course::probe };
    let calm = many(&pool, &town, calls + 1_000..calls + 1_000 + CALM, course).await;
    assert_eq!((calm.succeeded, calm.failed), (CALM, 0), "{:?}", calm.kinds);
    tally.add(calm);
    tally.check_figures(&pool.metrics());
    if exact {
        let attempts = pool.metrics().attempts;
        assert!(reached + town.requests() <= attempts, "{reached} + {} of {attempts}", town.requests());
    }
    pool.close().await;
    if exact {
        let connections = pool.connections().unwrap();
        assert_eq!((connections.active, connections.idle), (0, 0), "{connections:?}");
        assert_eq!(connections.opened, connections.closed, "{connections:?}");
    }
    assert_eq!(pool.snapshot().gauge(&Key::new("pool_calls_active")).unwrap_or(0), 0);
    drop(pool);
    until("every connection is closed", || town.open() == 0).await;
    drop(town);
    until("every task has ended", || tasks() == before).await;
}

/// Has workers make the calls with these numbers.
async fn many(pool: &Pool, town: &Town, numbers: std::ops::Range<u64>, course: fn(u64) -> Course) -> Tally {
    let next: Counter = Arc::new(AtomicU64::new(numbers.start));
    let urls: Arc<[String]> = town.urls().into();
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let (pool, next, urls, end) = (pool.clone(), Arc::clone(&next), Arc::clone(&urls), numbers.end);
        workers.spawn(async move {
            let mut tally = Tally::default();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= end {
                    return tally;
                }
                tally.note(&call::make(&pool, &urls, n, &course(n)).await);
            }
        });
    }
    let mut tally = Tally::default();
    for one in all(workers).await {
        tally.add(one);
    }
    tally
}

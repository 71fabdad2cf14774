//! Memory: what a connection takes that is open and has nothing to do.

use std::iter;
use std::num::NonZeroU32;
use std::time::Duration;

use steadfast_pool::PoolConfig;

use super::engine::{Ask, Engine, Legacy, Plain, Pooled};
use super::load::times;
use super::process::Served;
use super::reuse::accepted;
use super::runtime::block_on;
use super::server::{SO_MANY, TOGETHER};
use crate::row::OURS;
use crate::{Better, Kind, Measured, Outcome, Reach};

const PLAIN: &str = "bytes an idle connection, 1,000 of them";
const SECRET: &str = "bytes an idle connection over TLS, 1,000 of them";

const CONNECTIONS: usize = SO_MANY;

/// What one may take.
const AT_MOST: f64 = 16.0 * 1024.0;

/// What is counted is idle for so long.
const IDLE: Duration = Duration::from_secs(2);

/// The rows with `wanted` in their name.
pub(super) fn outcomes(served: &Served, wanted: &str, used: &impl Fn() -> usize) -> Vec<Outcome> {
    let rows = [(PLAIN, &served.plain), (SECRET, &served.secret)].into_iter().filter(|(row, _)| row.contains(wanted));
    rows.map(|(row, server)| {
        let (ask, plain) = (Ask::get(&format!("{server}{TOGETHER}")), &served.plain);
        let most = u32::try_from(CONNECTIONS).ok().and_then(NonZeroU32::new).expect("a number of connections");
        let config = PoolConfig::new().max_per_host(most).max_idle_per_host(CONNECTIONS).max_idle(CONNECTIONS);
        let measured = |who, kind, figure| Measured { who, kind, figure };
        let mut figures = vec![
            measured(OURS, Kind::Ours, each(plain, || Pooled::with(config.clone(), &ask), used)),
            measured("reqwest", Kind::Peer, each(plain, || Plain::new(&ask), used)),
        ];
        if row == PLAIN {
            figures.push(measured("hyper-util", Kind::Peer, each(plain, || Legacy::new(&ask), used)));
        }
        Outcome { row: row.into(), better: Better::Less, figures, reach: Some(Reach::just(AT_MOST)) }
    })
    .collect()
}

/// Has so many ask at once that each needs a connection, and counts what is held on to when all are idle.
fn each<E: Engine + Clone>(plain: &str, make: impl FnOnce() -> E, used: &impl Fn() -> usize) -> f64 {
    let engine = make();
    let connections = accepted(plain);
    settle();
    let before = used();
    let workers = iter::repeat_with(|| engine.clone()).take(CONNECTIONS).collect();
    drop(times(workers, 1));
    let opened = accepted(plain) - connections - 1;
    assert_eq!(opened, CONNECTIONS as u64, "as many connections as there are to be");
    block_on(rest());
    settle();
    let bytes = used().saturating_sub(before);
    drop(engine);
    bytes as f64 / CONNECTIONS as f64
}

/// Lets tasks run that have something to do, or to end: connections of a client that is gone end in theirs.
fn settle() {
    block_on(async {
        for _ in 0..10 * CONNECTIONS {
            tokio::task::yield_now().await;
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "what is measured is what time does")]
async fn rest() {
    tokio::time::sleep(IDLE).await;
}

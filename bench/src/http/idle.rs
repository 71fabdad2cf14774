//! Memory: what a connection takes that is open and has nothing to do.

use std::iter;
use std::num::NonZeroU32;

use steadfast_pool::PoolConfig;

use super::engine::{Ask, Engine, Legacy, Plain, Pooled};
use super::load::times;
use super::process::Served;
use super::reuse::accepted;
use super::runtime::block_on;
use super::server::{SO_MANY, TOGETHER};
use crate::row::OURS;
use crate::{Better, Kind, Measured, Outcome, Reach};

const ROW: &str = "bytes an idle connection, 1,000 of them";

const CONNECTIONS: usize = SO_MANY;

/// What one may take.
const AT_MOST: f64 = 16.0 * 1024.0;

/// The row, if `wanted` is in its name.
pub(super) fn outcomes(served: &Served, wanted: &str, used: &impl Fn() -> usize) -> Option<Outcome> {
    ROW.contains(wanted).then(|| {
        let (ask, plain) = (Ask::get(&format!("{}{TOGETHER}", served.plain)), &served.plain);
        let most = u32::try_from(CONNECTIONS).ok().and_then(NonZeroU32::new).expect("a number of connections");
        let config = PoolConfig::new().max_per_host(most).max_idle_per_host(CONNECTIONS).max_idle(CONNECTIONS);
        let measured = |who, kind, figure| Measured { who, kind, figure };
        let figures = vec![
            measured(OURS, Kind::Ours, each(plain, || Pooled::with(config.clone(), &ask), used)),
            measured("reqwest", Kind::Peer, each(plain, || Plain::new(&ask), used)),
            measured("hyper-util", Kind::Peer, each(plain, || Legacy::new(&ask), used)),
        ];
        Outcome { row: ROW.into(), better: Better::Less, figures, reach: Some(Reach::just(AT_MOST)) }
    })
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

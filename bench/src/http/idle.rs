//! Memory: what a connection takes that is open and has nothing to do.

use std::iter;

use super::engine::{Ask, Engine, Legacy, Plain, Pooled};
use super::load::times;
use super::process::Served;
use super::reuse::accepted;
use super::server::SLOW;
use crate::row::OURS;
use crate::{Better, Kind, Measured, Outcome, Reach};

const ROW: &str = "bytes an idle connection, 1,000 of them";

const CONNECTIONS: usize = 1_000;

/// What one may take.
const AT_MOST: f64 = 16.0 * 1024.0;

/// The row, if `wanted` is in its name.
pub(super) fn outcomes(served: &Served, wanted: &str, used: &impl Fn() -> usize) -> Option<Outcome> {
    ROW.contains(wanted).then(|| {
        let (ask, plain) = (Ask::get(&format!("{}{SLOW}", served.plain)), &served.plain);
        let config = super::exchange::config().max_idle_per_host(CONNECTIONS);
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
    let (connections, before) = (accepted(plain), used());
    let workers = iter::repeat_with(|| engine.clone()).take(CONNECTIONS).collect();
    drop(times(workers, 1));
    // What was spawned looks after its connection once more, while the server is asked.
    let opened = accepted(plain) - connections - 1;
    assert_eq!(opened, CONNECTIONS as u64, "as many connections as there are to be");
    used().saturating_sub(before) as f64 / CONNECTIONS as f64
}

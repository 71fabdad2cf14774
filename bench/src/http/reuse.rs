//! Connections: how many are opened for 100,000 exchanges, 64 at a time.

use std::iter;

use steadfast_pool::PoolConfig;

use super::engine::{Ask, Engine, Legacy, Plain, Pooled, plain_client};
use super::exchange::{MANY, config};
use super::load::times;
use super::process::Served;
use super::runtime::block_on;
use super::server::CONNECTIONS;
use crate::row::OURS;
use crate::{Better, Kind, Measured, Outcome, Reach};

const ROWS: [&str; 2] = [
    "connections for 100,000 requests, 64 at a time",
    "connections for 100,000 requests, 64 at a time, default settings",
];

const REQUESTS: u64 = 100_000;

/// The rows with `wanted` in their name.
pub(super) fn outcomes(served: &Served, wanted: &str) -> impl Iterator<Item = Outcome> {
    let (ask, plain) = (Ask::get(&format!("{}/answer", served.plain)), served.plain.clone());
    let configs = ROWS.into_iter().zip([config(), PoolConfig::new()]);
    configs.filter(move |(row, _)| row.contains(wanted)).map(move |(row, config)| {
        eprintln!("{row}");
        let measured = |who, kind, figure| Measured { who, kind, figure };
        let figures = vec![
            measured(OURS, Kind::Ours, opened(&plain, &Pooled::with(config, &ask))),
            measured("reqwest", Kind::Peer, opened(&plain, &Plain::new(&ask))),
            measured("hyper-util", Kind::Peer, opened(&plain, &Legacy::new(&ask))),
        ];
        Outcome { row: row.into(), better: Better::Less, figures, reach: Some(Reach::just(MANY as f64)) }
    })
}

fn opened<E: Engine + Clone>(plain: &str, engine: &E) -> f64 {
    let before = accepted(plain);
    let workers = iter::repeat_with(|| engine.clone()).take(MANY).collect();
    drop(times(workers, REQUESTS.div_ceil(MANY as u64)));
    // The one that asks the second time is new, too.
    (accepted(plain) - before - 1) as f64
}

/// How many connections the server has seen.
pub(super) fn accepted(plain: &str) -> u64 {
    block_on(async {
        let answer = plain_client().get(format!("{plain}{CONNECTIONS}")).send().await.expect("an answer");
        answer.text().await.expect("a whole answer").parse().expect("a number")
    })
}

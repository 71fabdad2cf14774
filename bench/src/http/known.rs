//! Memory: what a host takes that was called once and has no connection.

use std::num::NonZeroU32;

use steadfast_pool::{Pool, PoolConfig, Request};

use super::pipeline::Answers;
use super::runtime::block_on;
use crate::row::OURS;
use crate::{Better, Kind, Measured, Outcome, Reach};

const HOSTS: u32 = 100_000;

const ROWS: [(&str, NonZeroU32); 2] = [
    ("bytes a host, 100,000 hosts, all remembered", NonZeroU32::new(2 * HOSTS).expect("not zero")),
    ("bytes a host, 100,000 hosts, 1,024 remembered", NonZeroU32::new(1_024).expect("not zero")),
];

/// What a host may take.
const AT_MOST: f64 = 1024.0;

/// The rows with `wanted` in their name.
pub(super) fn outcomes(wanted: &str, used: &impl Fn() -> usize) -> Vec<Outcome> {
    let rows = ROWS.into_iter().filter(|(row, _)| row.contains(wanted));
    rows.map(|(row, remembered)| {
        let figure = called(remembered, used) as f64 / f64::from(HOSTS);
        let figures = vec![Measured { who: OURS, kind: Kind::Ours, figure }];
        Outcome { row: row.into(), better: Better::Less, figures, reach: Some(Reach::just(AT_MOST)) }
    })
    .collect()
}

/// The bytes that a pool holds on to that has called all of them.
fn called(remembered: NonZeroU32, used: &impl Fn() -> usize) -> usize {
    let before = used();
    let config = PoolConfig::new().max_hosts(remembered);
    let pool = Pool::builder().config(config).transport(Answers::ok()).build().expect("settings that work");
    block_on(async {
        for host in 0..HOSTS {
            let request = Request::get(&format!("http://host-{host}.example.com/answer")).expect("a request");
            pool.execute(request).await.expect("an answer");
        }
    });
    let bytes = used().saturating_sub(before);
    drop(pool);
    bytes
}

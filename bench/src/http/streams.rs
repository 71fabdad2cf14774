//! 350 calls of a second each to one host that speaks HTTP/2 and allows a hundred streams a connection.

use std::time::Instant;

use reqwest::Client;
use steadfast_pool::{Pool, Request};
use tokio::task::JoinSet;

use super::engine::plain_client;
use super::process::Served;
use super::rounds::median;
use super::runtime::block_on;
use super::server::{ANSWER, AT_ONCE, LATE};
use crate::row::OURS;
use crate::{Better, Kind, Measured, Outcome, Reach};

const ROWS: [&str; 2] = ["350 calls of 1 s, 100 streams, worst: s", "350 calls of 1 s, 100 streams, median: s"];

const CALLS: usize = 350;
const ROUNDS: usize = 3;

/// The most that a call may take.
const WORST: f64 = 1.3;

/// The rows with `wanted` in their name.
pub(super) fn outcomes(served: &Served, wanted: &str) -> impl Iterator<Item = Outcome> {
    let asked = ROWS.iter().any(|row| row.contains(wanted)).then(|| measure(&served.streams));
    asked.into_iter().flatten().filter(move |outcome| outcome.row.contains(wanted))
}

fn measure(server: &str) -> [Outcome; 2] {
    eprintln!("350 calls of 1 s, 100 streams");
    let (pool, client) = (Pool::new().expect("a transport"), plain_client());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(calls(server, |url| through_pool(pool.clone(), url)));
        theirs.push(calls(server, |url| through_reqwest(client.clone(), url)));
    }
    let row = |row: &'static str, reach, of: fn(&[f64]) -> f64| {
        let measured = |who, kind, rounds: &[Vec<f64>]| Measured {
            who,
            kind,
            figure: median(rounds.iter().map(|seconds| of(seconds))),
        };
        let figures = vec![measured(OURS, Kind::Ours, &ours), measured("reqwest", Kind::Peer, &theirs)];
        Outcome { row: row.into(), better: Better::Less, figures, reach }
    };
    [
        row(ROWS[0], Some(Reach::just(WORST)), |seconds| seconds.iter().copied().fold(0.0, f64::max)),
        row(ROWS[1], None, |seconds| median(seconds.iter().copied())),
    ]
}

/// How many seconds each of so many calls takes that begin at once, after one that opens a connection.
#[expect(clippy::disallowed_methods, reason = "measuring is what this file is for")]
fn calls<F: Future<Output = usize> + Send + 'static>(server: &str, call: impl Fn(String) -> F) -> Vec<f64> {
    block_on(async {
        call(format!("{server}{AT_ONCE}")).await;
        let mut tasks = JoinSet::new();
        for _ in 0..CALLS {
            let call = call(format!("{server}{LATE}"));
            tasks.spawn(async move {
                let since = Instant::now();
                assert_eq!(call.await, ANSWER.len());
                since.elapsed().as_secs_f64()
            });
        }
        tasks.join_all().await
    })
}

async fn through_pool(pool: Pool, url: String) -> usize {
    let request = Request::get(&url).expect("a request");
    pool.execute(request).await.expect("an answer").body().len()
}

async fn through_reqwest(client: Client, url: String) -> usize {
    let answer = client.get(url).send().await.expect("an answer");
    answer.bytes().await.expect("a whole answer").len()
}

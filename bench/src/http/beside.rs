//! A host that is well beside one that is dying: what a call to the one takes while the other keeps its callers.

use std::net::TcpListener;
use std::time::Instant;

use steadfast_pool::{Pool, Request};
use tokio::task::JoinSet;

use super::process::Served;
use super::rounds::median;
use super::runtime::block_on;
use super::server::ANSWER;
use crate::row::OURS;
use crate::{Better, Kind, Measured, Outcome, Reach};

const ROWS: [&str; 2] = ["a call beside a dying host, median: µs", "a call beside a dying host, p99: µs"];

/// Calls that the dying host keeps: twice as many as it may have connections.
const KEPT: usize = 200;

const ROUNDS: usize = 15;
const CALLS: usize = 2_000;

const ALONE: &str = "nobody dying";

/// The rows with `wanted` in their name.
pub(super) fn outcomes(served: &Served, wanted: &str) -> impl Iterator<Item = Outcome> {
    let asked = ROWS.iter().any(|row| row.contains(wanted)).then(|| measure(&served.plain));
    asked.into_iter().flatten().filter(move |outcome| outcome.row.contains(wanted))
}

fn measure(plain: &str) -> [Outcome; 2] {
    eprintln!("a call beside a dying host");
    let url = format!("{plain}/answer");
    // Nobody accepts, and nobody answers.
    let dying = TcpListener::bind("127.0.0.1:0").expect("a port to be had");
    let dying = (format!("http://{}/", dying.local_addr().expect("a bound listener has an address")), dying);
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    block_on(async {
        let pool = Pool::new().expect("a transport");
        calls(&pool, &url).await;
        for _ in 0..ROUNDS {
            alone.push(calls(&pool, &url).await);
            let mut kept = JoinSet::new();
            for _ in 0..KEPT {
                let (pool, request) = (pool.clone(), Request::get(&dying.0).expect("a request"));
                kept.spawn(async move { pool.execute(request).await.is_ok() });
            }
            for _ in 0..10 * KEPT {
                tokio::task::yield_now().await;
            }
            beside.push(calls(&pool, &url).await);
            kept.shutdown().await;
        }
    });
    let of = |rounds: &[Vec<f64>], share: f64| median(rounds.iter().map(|times| quantile(times, share)));
    let row = |row: &'static str, share, room: fn(f64) -> f64| {
        let (ours, floor) = (of(&beside, share), of(&alone, share));
        let figures = vec![
            Measured { who: OURS, kind: Kind::Ours, figure: ours },
            Measured { who: ALONE, kind: Kind::Floor, figure: floor },
        ];
        let reach = Reach { plus: room(floor), ..Reach::times(1.0, ALONE) };
        Outcome { row: row.into(), better: Better::Less, figures, reach: Some(reach) }
    };
    [row(ROWS[0], 0.5, |alone| 0.05 * alone), row(ROWS[1], 0.99, |alone| (0.1 * alone).max(1_000.0))]
}

/// How many microseconds each of so many calls takes, one after the other, in order of size.
#[expect(clippy::disallowed_methods, reason = "measuring is what this file is for")]
async fn calls(pool: &Pool, url: &str) -> Vec<f64> {
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let request = Request::get(url).expect("a request");
        let since = Instant::now();
        let answer = pool.execute(request).await.expect("an answer");
        times.push(since.elapsed().as_secs_f64() * 1e6);
        assert_eq!(answer.body().len(), ANSWER.len());
    }
    times.sort_by(f64::total_cmp);
    times
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted.get((sorted.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN)
}

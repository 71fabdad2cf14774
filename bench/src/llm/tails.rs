//! How long single calls take: answered by a cache, asked for because the cache does not know, given up at a limit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use steadfast_backoff::Policy;
use steadfast_pool::{Pool, Timeouts};
use steadfast_providers::cache::{MemoryCache, Rule};
use steadfast_providers::{Cached, Call, Client, ErrorKind, Provider};

use super::engine::{call, pool, provider};
use super::tape::{Api, SILENT, WHOLE};
use crate::http::Served;
use crate::http::exchange::config;
use crate::http::runtime::block_on;
use crate::row::OURS;
use crate::{Better, Kind, Measured, Outcome};

const PATHS: [&str; 3] = ["cache hit", "cache miss", "given up after 50 ms, later than that"];
const SHARES: [(&str, f64); 3] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];

const HITS: usize = 50_000;
const MISSES: usize = 10_000;
const GIVEN_UP: usize = 200;

const LIMIT: Duration = Duration::from_millis(50);

/// A cache that never lets go of anything here.
const ROOM: usize = 256 << 20;

/// The rows with `wanted` in their name.
pub(super) fn outcomes(served: &Served, wanted: &str) -> impl Iterator<Item = Outcome> {
    PATHS.into_iter().flat_map(move |path| {
        let names = SHARES.map(|(share, _)| format!("{path}, {share}: µs"));
        if !names.iter().any(|name| name.contains(wanted)) {
            return Vec::new();
        }
        eprintln!("{path}");
        let measured = match path {
            "cache hit" => vec![(OURS, Kind::Ours, hits(&served.plain))],
            "cache miss" => {
                let (misses, uncached) = misses(&served.plain);
                vec![(OURS, Kind::Ours, misses), ("ours without a cache", Kind::Floor, uncached)]
            }
            _ => vec![(OURS, Kind::Ours, given_up(&served.plain))],
        };
        let rows = names.into_iter().zip(SHARES).map(|(row, (_, share))| {
            let at = |times: &[f64]| times[(times.len() as f64 * share) as usize];
            let figures = measured.iter().map(|(who, kind, times)| Measured { who, kind: *kind, figure: at(times) });
            Outcome { row: row.into(), better: Better::Less, figures: figures.collect(), reach: None }
        });
        rows.filter(|row| row.row.contains(wanted)).collect()
    })
}

fn cached(plain: &str) -> Cached {
    let provider = provider(&pool(config()), Api::Chat, &format!("{plain}/{WHOLE}"));
    let cache = MemoryCache::new(ROOM).expect("settings that work");
    Cached::builder(provider, Arc::new(cache)).rule(Rule::everything()).build()
}

fn hits(plain: &str) -> Vec<f64> {
    let cached = cached(plain);
    block_on(async {
        cached.complete(call()).await.expect("an answer");
        times(HITS, async |_| assert!(cached.complete(call()).await.expect("an answer").cached.is_some())).await
    })
}

/// Questions that nobody asked before; with a cache, and without one.
fn misses(plain: &str) -> (Vec<f64>, Vec<f64>) {
    let (cached, base) = (cached(plain), format!("{plain}/{WHOLE}"));
    let uncached = provider(&pool(config()), Api::Chat, &base);
    let asked = |at| Call::new(format!("What is there to be said about {at}?"));
    block_on(async {
        let with =
            times(MISSES, async |at| assert!(cached.complete(asked(at)).await.expect("an answer").cached.is_none()));
        let with = with.await;
        (with, times(MISSES, async |at| drop(uncached.complete(asked(at)).await.expect("an answer"))).await)
    })
}

/// The server says nothing: how much later than the limit the error is there.
fn given_up(plain: &str) -> Vec<f64> {
    // It fails every time.
    let pool = Pool::builder().config(config()).without_breaker().build().expect("settings that work");
    let timeouts = Timeouts::default().header(LIMIT);
    let builder = Client::openai(pool).base_url(format!("{plain}/{SILENT}")).model("gpt-5-mini").timeouts(timeouts);
    let client = builder.retry(Policy::disabled()).build().expect("settings that work");
    let given_up = times(GIVEN_UP, async |_| {
        let error = client.complete(call()).await.expect_err("nobody answers");
        assert_eq!(error.kind(), ErrorKind::Timeout);
    });
    block_on(given_up).into_iter().map(|took| took - LIMIT.as_secs_f64() * 1e6).collect()
}

/// How many microseconds each of so many calls takes, one after the other, in order of size.
#[expect(clippy::disallowed_methods, reason = "measuring is what this file is for")]
async fn times(calls: usize, ask: impl AsyncFn(usize)) -> Vec<f64> {
    let mut times = Vec::with_capacity(calls);
    for at in 0..calls {
        let since = Instant::now();
        ask(at).await;
        times.push(since.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    times
}

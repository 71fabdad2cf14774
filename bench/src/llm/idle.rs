//! Memory: what an open stream takes that has brought one piece of text and then nothing.

use std::num::NonZeroU32;

use steadfast_pool::PoolConfig;
use steadfast_providers::Event;

use super::engine::{AsyncOpenai, Bare, Raw, call, frame, pool, provider};
use super::plain::own;
use super::tape::{Api, STALLED};
use crate::http::Served;
use crate::http::runtime::block_on;
use crate::row::OURS;
use crate::{Better, Kind, Measured, Outcome, Reach};

const ROWS: [(&str, Api); 2] = [
    ("bytes an open stream of a completion, 2,000 of them", Api::Chat),
    ("bytes an open stream of a message, 2,000 of them", Api::Messages),
];

const STREAMS: usize = 2_000;

/// What one may take above what its connection does.
const AT_MOST: f64 = 16.0 * 1024.0;

const TRANSPORT: &str = "own transport alone";

/// The rows with `wanted` in their name.
pub(super) fn outcomes(served: &Served, wanted: &str, used: &impl Fn() -> usize) -> Vec<Outcome> {
    let rows = ROWS.into_iter().filter(|(row, _)| row.contains(wanted));
    rows.map(|(row, api)| {
        eprintln!("{row}");
        let base = format!("{}/{STALLED}", served.plain);
        let measured = |who, kind, figure| Measured { who, kind, figure };
        let mut figures = vec![
            measured(OURS, Kind::Ours, ours(api, &base, used)),
            measured(TRANSPORT, Kind::Floor, bare(api, &base, used)),
        ];
        if api == Api::Chat {
            figures.push(measured("async-openai", Kind::Peer, openai(&base, used)));
        }
        let reach = Reach { plus: AT_MOST, ..Reach::times(1.0, TRANSPORT) };
        Outcome { row: row.into(), better: Better::Less, figures, reach: Some(reach) }
    })
    .collect()
}

fn config() -> PoolConfig {
    let most = u32::try_from(STREAMS).ok().and_then(NonZeroU32::new).expect("a number of streams");
    PoolConfig::new().max_per_host(most)
}

fn ours(api: Api, base: &str, used: &impl Fn() -> usize) -> f64 {
    let provider = provider(&pool(config()), api, base);
    each(used, async || {
        let mut events = provider.stream(call()).await.expect("an answer");
        while let Some(event) = events.next().await {
            if matches!(event.expect("events"), Event::Text(_)) {
                break;
            }
        }
        events
    })
}

fn bare(api: Api, base: &str, used: &impl Fn() -> usize) -> f64 {
    let bare = Bare::<Raw>::new(own(&config()), api, base);
    each(used, async || {
        let mut body = bare.asked().await.body;
        assert!(frame(&mut body).await.is_some());
        body
    })
}

fn openai(base: &str, used: &impl Fn() -> usize) -> f64 {
    let openai = AsyncOpenai::new(base);
    each(used, async || openai.begun().await)
}

/// Opens so many, and counts what is held on to when all are there.
fn each<T>(used: &impl Fn() -> usize, open: impl AsyncFn() -> T) -> f64 {
    block_on(async {
        // What is made once is none of theirs.
        drop(open().await);
        let before = used();
        let mut streams = Vec::with_capacity(STREAMS);
        for _ in 0..STREAMS {
            streams.push(open().await);
        }
        let bytes = used().saturating_sub(before);
        drop(streams);
        bytes as f64 / STREAMS as f64
    })
}

//! The first piece of text: how much later than the first bytes of the body over the transport alone, in pairs of calls
//! one after the other.

use std::time::Instant;

use steadfast_providers::Event;

use super::engine::{AsyncOpenai, Bare, Raw, call, frame, pool, provider};
use super::plain::own;
use super::tape::{Api, SHORT};
use crate::http::Served;
use crate::http::exchange::config;
use crate::http::runtime::block_on;
use crate::row::OURS;
use crate::{Better, Kind, Measured, Outcome, Reach};

const ROWS: [&str; 2] = [
    "first token, later than the transport's first bytes, median: µs",
    "first token, later than the transport's first bytes, p90: µs",
];

/// What ours may be later, in microseconds.
const MEDIAN: f64 = 30.0;
const P90: f64 = 100.0;

const PAIRS: usize = 6_000;
const WARM: usize = 500;

/// The rows with `wanted` in their name.
pub(super) fn outcomes(served: &Served, wanted: &str) -> impl Iterator<Item = Outcome> {
    let asked = ROWS.iter().any(|row| row.contains(wanted)).then(|| measure(&format!("{}/{SHORT}", served.plain)));
    asked.into_iter().flatten().filter(move |outcome| outcome.row.contains(wanted))
}

fn measure(base: &str) -> [Outcome; 2] {
    eprintln!("first token");
    let bare = Bare::<Raw>::new(own(&config()), Api::Chat, base);
    let (provider, call) = (provider(&pool(config()), Api::Chat, base), call());
    let openai = AsyncOpenai::new(base);
    let (mut ours, mut theirs) = (Vec::with_capacity(PAIRS), Vec::with_capacity(PAIRS));
    block_on(async {
        for pair in 0..WARM + PAIRS {
            // Who comes after whom changes.
            let (raw, own, peer) = match pair % 2 {
                0 => {
                    let raw = first_bytes(&bare).await;
                    (raw, first_event(&*provider, call.clone()).await, first_chunk(&openai).await)
                }
                _ => {
                    let own = first_event(&*provider, call.clone()).await;
                    let raw = first_bytes(&bare).await;
                    (raw, own, first_chunk(&openai).await)
                }
            };
            if pair >= WARM {
                ours.push(own - raw);
                theirs.push(peer - raw);
            }
        }
    });
    for times in [&mut ours, &mut theirs] {
        times.sort_by(f64::total_cmp);
    }
    let row = |row: &'static str, share: f64, most| {
        let at = (PAIRS as f64 * share) as usize;
        let figures = vec![
            Measured { who: OURS, kind: Kind::Ours, figure: ours[at] },
            Measured { who: "async-openai", kind: Kind::Peer, figure: theirs[at] },
        ];
        Outcome { row: row.into(), better: Better::Less, figures, reach: Some(Reach::just(most)) }
    };
    [row(ROWS[0], 0.5, MEDIAN), row(ROWS[1], 0.9, P90)]
}

/// Microseconds until the first bytes of the body are there. The rest is read, too, so that the connection stays.
#[expect(clippy::disallowed_methods, reason = "measuring is what this file is for")]
async fn first_bytes(bare: &Bare<Raw>) -> f64 {
    let since = Instant::now();
    let mut body = bare.asked().await.body;
    assert!(frame(&mut body).await.is_some());
    let took = since.elapsed();
    while frame(&mut body).await.is_some() {}
    took.as_secs_f64() * 1e6
}

/// Microseconds until the first piece of text is there.
#[expect(clippy::disallowed_methods, reason = "measuring is what this file is for")]
async fn first_event(provider: &dyn steadfast_providers::Provider, call: steadfast_providers::Call) -> f64 {
    let since = Instant::now();
    let mut events = provider.stream(call).await.expect("an answer");
    while let Some(event) = events.next().await {
        if matches!(event.expect("events"), Event::Text(_)) {
            break;
        }
    }
    let took = since.elapsed();
    while events.next().await.is_some() {}
    took.as_secs_f64() * 1e6
}

#[expect(clippy::disallowed_methods, reason = "measuring is what this file is for")]
async fn first_chunk(openai: &AsyncOpenai) -> f64 {
    let since = Instant::now();
    let mut chunks = openai.begun().await;
    let took = since.elapsed();
    while futures_util::StreamExt::next(&mut chunks).await.is_some() {}
    took.as_secs_f64() * 1e6
}

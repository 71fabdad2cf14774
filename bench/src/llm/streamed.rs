//! Streamed answers in a burst: what each piece of text costs, parsed and typed.

use super::engine::{AsyncOpenai, Bare, ByHand, Eventsource, Genai, Liter, Ours, Plain, Raw, Sseer, Streamed};
use super::plain::own;
use super::tape::{Api, BURST, PIECES};
use crate::http::Served;
use crate::http::exchange::{MANY, config};
use crate::http::rounds::{Contestant, Rounds};
use crate::row::OURS;
use crate::{Better, Kind, Measured, Outcome, Reach};

const BY_HAND: &str = "own transport alone + a loop by hand";

const OTHERS: [(&str, Kind); 9] = [
    ("async-openai", Kind::Peer),
    ("liter-llm", Kind::Peer),
    ("genai", Kind::Peer),
    ("reqwest + eventsource-stream + typed serde", Kind::Peer),
    ("reqwest + sseer + typed serde", Kind::Peer),
    (BY_HAND, Kind::Floor),
    ("own transport alone, bytes", Kind::Floor),
    ("reqwest + a loop by hand", Kind::Floor),
    ("reqwest, bytes", Kind::Floor),
];

const ROWS: [(&str, Api); 2] = [
    ("a streamed chunk of a completion, 64 at a time, CPU ns", Api::Chat),
    ("a streamed event of a message, 64 at a time, CPU ns", Api::Messages),
];

/// So many times the cost of the loop by hand.
const TIMES: f64 = 1.15;

/// The rows with `wanted` in their name.
pub(super) fn outcomes(served: &Served, wanted: &str) -> impl Iterator<Item = Outcome> {
    ROWS.into_iter().filter(move |(row, _)| row.contains(wanted)).map(|(row, api)| {
        eprintln!("{row}");
        let rounds = Rounds::run(contestants(api, &format!("{}/{BURST}", served.plain)));
        let each = |who| rounds.beside(who, BY_HAND, |sample| sample.cpu * 1_000.0 / PIECES as f64);
        let measured = |who, kind| Measured { who, kind, figure: each(who) };
        let others = OTHERS.into_iter().filter(|(who, _)| rounds.has(who)).map(|(who, kind)| measured(who, kind));
        let figures = std::iter::once(measured(OURS, Kind::Ours)).chain(others).collect();
        Outcome { row: row.into(), better: Better::Less, figures, reach: Some(Reach::times(TIMES, BY_HAND)) }
    })
}

fn contestants(api: Api, base: &str) -> Vec<Contestant> {
    let ours = Streamed(Ours::new(config(), api, base));
    let bytes = Streamed(Bare::<Raw>::new(own(&config()), api, base));
    let by_hand = Streamed(Bare::<ByHand>::new(own(&config()), api, base));
    let (theirs, theirs_by_hand) = (Streamed(Plain::<Raw>::new(api, base)), Streamed(Plain::<ByHand>::new(api, base)));
    let mut contestants = vec![
        Contestant::new(OURS, MANY, || ours.clone()),
        Contestant::new("own transport alone, bytes", MANY, || bytes.clone()),
        Contestant::new(BY_HAND, MANY, || by_hand.clone()),
        Contestant::new("reqwest, bytes", MANY, || theirs.clone()),
        Contestant::new("reqwest + a loop by hand", MANY, || theirs_by_hand.clone()),
    ];
    if api == Api::Chat {
        let (eventsource, sseer) = (Streamed(Eventsource::new(api, base)), Streamed(Sseer::new(api, base)));
        let (openai, genai, liter) =
            (Streamed(AsyncOpenai::new(base)), Streamed(Genai::new(base)), Streamed(Liter::new(base)));
        contestants.extend([
            Contestant::new("reqwest + eventsource-stream + typed serde", MANY, || eventsource.clone()),
            Contestant::new("reqwest + sseer + typed serde", MANY, || sseer.clone()),
            Contestant::new("async-openai", MANY, || openai.clone()),
            Contestant::new("genai", MANY, || genai.clone()),
            Contestant::new("liter-llm", MANY, || liter.clone()),
        ]);
    }
    contestants
}

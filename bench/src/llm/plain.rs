//! Whole answers: how many in a second, and what each costs.

use std::sync::Arc;

use steadfast_clock::{TokioTimer, shared};
use steadfast_pool::{HyperTransport, PoolConfig, Transport};

use super::engine::{AsyncOpenai, Bare, ByHand, Genai, Liter, Ours, Plain, Raw, Whole};
use super::tape::{Api, WHOLE};
use crate::http::Served;
use crate::http::exchange::{MANY, config};
use crate::http::load::Sample;
use crate::http::rounds::{Contestant, Rounds};
use crate::row::OURS;
use crate::{Better, Kind, Measured, Outcome, Reach};

const TRANSPORT: &str = "own transport alone, bytes";
const REQWEST: &str = "reqwest, bytes";

const PEERS: [(&str, Kind); 7] = [
    ("async-openai", Kind::Peer),
    ("liter-llm", Kind::Peer),
    ("genai", Kind::Peer),
    ("reqwest + typed serde", Kind::Floor),
    (REQWEST, Kind::Floor),
    ("own transport alone + typed serde", Kind::Floor),
    (TRANSPORT, Kind::Floor),
];

/// What is asked, and by how many.
struct Scene {
    name: &'static str,
    api: Api,
    width: usize,
}

const SCENES: [Scene; 3] = [
    Scene { name: "completion, 64 at a time", api: Api::Chat, width: MANY },
    Scene { name: "completion, one at a time", api: Api::Chat, width: 1 },
    Scene { name: "message, 64 at a time", api: Api::Messages, width: MANY },
];

/// So many times the rate of the transport in use, at so many times its cost.
const RATE: f64 = 0.80;
const CPU: f64 = 1.35;

/// The rows with `wanted` in their name.
pub(super) fn outcomes(served: &Served, wanted: &str) -> impl Iterator<Item = Outcome> {
    SCENES.into_iter().flat_map(move |Scene { name, api, width }| {
        let names = [RATES, CPUS, RATES_BESIDE, CPUS_BESIDE].map(|unit| format!("{name}, {unit}"));
        if !names.iter().any(|row| row.contains(wanted)) {
            return Vec::new();
        }
        eprintln!("{name}");
        let rounds = Rounds::run(contestants(api, &format!("{}/{WHOLE}", served.plain), width));
        let rate: fn(&Sample) -> f64 = |sample| sample.rate;
        let cpu: fn(&Sample) -> f64 = |sample| sample.cpu;
        let [rates, cpus, rates_beside, cpus_beside] = names;
        let rows = [
            row(rates, &rounds, TRANSPORT, Better::More, rate, RATE),
            row(cpus, &rounds, TRANSPORT, Better::Less, cpu, CPU),
            row(rates_beside, &rounds, REQWEST, Better::More, rate, 1.0),
            row(cpus_beside, &rounds, REQWEST, Better::Less, cpu, 1.0),
        ];
        rows.into_iter().filter(|row| row.row.contains(wanted)).collect()
    })
}

const RATES: &str = "requests/s";
const CPUS: &str = "CPU µs a request";
const RATES_BESIDE: &str = "requests/s: beside reqwest";
const CPUS_BESIDE: &str = "CPU µs a request: beside reqwest";

fn contestants(api: Api, base: &str, width: usize) -> Vec<Contestant> {
    let ours = Whole(Ours::new(config(), api, base));
    let (bytes, typed) =
        (Whole(Bare::<Raw>::new(own(&config()), api, base)), Whole(Bare::<ByHand>::new(own(&config()), api, base)));
    let (theirs, theirs_typed) = (Whole(Plain::<Raw>::new(api, base)), Whole(Plain::<ByHand>::new(api, base)));
    let mut contestants = vec![
        Contestant::new(OURS, width, || ours.clone()),
        Contestant::new(TRANSPORT, width, || bytes.clone()),
        Contestant::new("own transport alone + typed serde", width, || typed.clone()),
        Contestant::new(REQWEST, width, || theirs.clone()),
        Contestant::new("reqwest + typed serde", width, || theirs_typed.clone()),
    ];
    if api == Api::Chat {
        let (openai, genai, liter) = (Whole(AsyncOpenai::new(base)), Whole(Genai::new(base)), Whole(Liter::new(base)));
        contestants.push(Contestant::new("async-openai", width, || openai.clone()));
        contestants.push(Contestant::new("genai", width, || genai.clone()));
        contestants.push(Contestant::new("liter-llm", width, || liter.clone()));
    }
    contestants
}

/// The transport that a pool has unless another is given.
pub(super) fn own(config: &PoolConfig) -> Arc<dyn Transport> {
    Arc::new(HyperTransport::new(config, shared(TokioTimer::new())).expect("settings that work"))
}

fn row(
    row: String,
    rounds: &Rounds,
    whom: &'static str,
    better: Better,
    of: fn(&Sample) -> f64,
    times: f64,
) -> Outcome {
    let measured = |who, kind| Measured { who, kind, figure: rounds.beside(who, whom, of) };
    let others = PEERS.into_iter().filter(|(who, _)| rounds.has(who)).map(|(who, kind)| measured(who, kind));
    let figures = std::iter::once(measured(OURS, Kind::Ours)).chain(others).collect();
    Outcome { row: row.into(), better, figures, reach: Some(Reach::times(times, whom)) }
}

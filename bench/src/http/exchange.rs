//! Exchanges over connections that are open: how many in a second, and what each costs.

use std::sync::Arc;

use steadfast_clock::{TokioTimer, shared};
use steadfast_pool::{HyperTransport, PoolConfig, ReqwestTransport, Transport};

use super::engine::{Ask, Bare, Connection, Legacy, Plain, Pooled, Retrying};
use super::load::Sample;
use super::process::Served;
use super::rounds::{Contestant, Rounds};
use crate::row::OURS;
use crate::{Better, Kind, Measured, Outcome, Reach};

/// How many ask at once.
pub(crate) const MANY: usize = 64;

const HYPER: &str = "hyper (a connection each)";
const HYPER_UTIL: &str = "hyper-util";
const REQWEST: &str = "reqwest";
const RETRYING: &str = "reqwest-middleware + reqwest-retry";
const POOL_OWN: &str = "pool on its own transport";
const POOL_REQWEST: &str = "pool on reqwest";
const BARE_OWN: &str = "own transport alone";
const BARE_REQWEST: &str = "reqwest as a transport alone";

/// What is asked, and by how many.
struct Scene {
    name: &'static str,
    ask: fn(&str) -> Ask,
    width: usize,
}

const SCENES: [Scene; 3] = [
    Scene { name: "GET, one at a time", ask: Ask::get, width: 1 },
    Scene { name: "GET, 64 at a time", ask: Ask::get, width: MANY },
    Scene { name: "POST, 64 at a time", ask: Ask::post, width: MANY },
];

/// One of ours beside others, with what it must reach: so many times the rate of `whom`, at so many times its cost.
struct Comparison {
    name: &'static str,
    ours: &'static str,
    others: &'static [(&'static str, Kind)],
    whom: &'static str,
    rate: f64,
    cpu: f64,
}

const COMPARISONS: [Comparison; 4] = [
    Comparison {
        name: "pool on its own transport",
        ours: POOL_OWN,
        others: &[(HYPER_UTIL, Kind::Peer), (HYPER, Kind::Floor), (BARE_OWN, Kind::Floor)],
        whom: HYPER_UTIL,
        rate: 0.93,
        cpu: 1.12,
    },
    Comparison {
        name: "pool on reqwest",
        ours: POOL_REQWEST,
        others: &[(REQWEST, Kind::Peer), (BARE_REQWEST, Kind::Floor)],
        whom: REQWEST,
        rate: 0.93,
        cpu: 1.12,
    },
    Comparison {
        name: "pool as it comes",
        ours: DEFAULT,
        others: &[(REQWEST, Kind::Peer)],
        whom: REQWEST,
        rate: 1.1,
        cpu: 0.9,
    },
    Comparison {
        name: "pool as it comes, beside a client that retries",
        ours: DEFAULT,
        others: &[(RETRYING, Kind::Peer)],
        whom: RETRYING,
        rate: 1.0,
        cpu: 1.0,
    },
];

/// The pool on the transport that it has unless another is given.
const DEFAULT: &str = POOL_OWN;

/// The rows with `wanted` in their name.
pub(super) fn outcomes(served: &Served, wanted: &str) -> impl Iterator<Item = Outcome> {
    SCENES.into_iter().flat_map(move |Scene { name: scene, ask, width }| {
        let names = COMPARISONS.iter().flat_map(|comparison| comparison.names(scene));
        if !names.into_iter().any(|name| name.contains(wanted)) {
            return Vec::new();
        }
        eprintln!("{scene}");
        let rounds = Rounds::run(contestants(&ask(&format!("{}/answer", served.plain)), width));
        let rows = COMPARISONS.iter().flat_map(|comparison| comparison.rows(scene, &rounds));
        rows.filter(|row| row.row.contains(wanted)).collect()
    })
}

/// A pool's settings when so many ask at once: each of them may leave a connection behind.
pub(crate) fn config() -> PoolConfig {
    PoolConfig::new().max_idle_per_host(MANY)
}

fn contestants(ask: &Ask, width: usize) -> Vec<Contestant> {
    let (legacy, plain, retrying) = (Legacy::new(ask), Plain::new(ask), Retrying::new(ask));
    let (pool_own, bare_own) = (Pooled::with(config(), ask), Bare::new(own(), ask));
    let (pool_reqwest, bare_reqwest) = (Pooled::on(reqwest(), ask), Bare::new(reqwest(), ask));
    vec![
        Contestant::new(HYPER, width, || Connection::new(ask)),
        Contestant::new(HYPER_UTIL, width, || legacy.clone()),
        Contestant::new(REQWEST, width, || plain.clone()),
        Contestant::new(RETRYING, width, || retrying.clone()),
        Contestant::new(BARE_OWN, width, || bare_own.clone()),
        Contestant::new(POOL_OWN, width, || pool_own.clone()),
        Contestant::new(BARE_REQWEST, width, || bare_reqwest.clone()),
        Contestant::new(POOL_REQWEST, width, || pool_reqwest.clone()),
    ]
}

fn own() -> Arc<dyn Transport> {
    Arc::new(HyperTransport::new(&config(), shared(TokioTimer::new())).expect("settings that work"))
}

fn reqwest() -> Arc<dyn Transport> {
    Arc::new(ReqwestTransport::new(&config()).expect("settings that work"))
}

impl Comparison {
    fn names(&self, scene: &str) -> [String; 2] {
        ["requests/s", "CPU µs a request"].map(|unit| format!("{scene}, {unit}: {}", self.name))
    }

    fn rows(&self, scene: &str, rounds: &Rounds) -> [Outcome; 2] {
        let [rate, cpu] = self.names(scene);
        [
            self.row(rate, Better::More, self.rate, rounds, |sample| sample.rate),
            self.row(cpu, Better::Less, self.cpu, rounds, |sample| sample.cpu),
        ]
    }

    fn row(&self, row: String, better: Better, times: f64, rounds: &Rounds, of: fn(&Sample) -> f64) -> Outcome {
        let measured = |who, name, kind| Measured { who, kind, figure: rounds.beside(name, self.whom, of) };
        let others = self.others.iter().map(|(who, kind)| measured(who, who, *kind));
        let figures = std::iter::once(measured(OURS, self.ours, Kind::Ours)).chain(others).collect();
        Outcome { row: row.into(), better, figures, reach: Some(Reach::times(times, self.whom)) }
    }
}

//! The places where something is told.

use std::error::Error as StdError;
use std::fmt::Write;

use steadfast_clock::{UnixNanos, Wall};
use steadfast_providers::admission::AdmissionSnapshot;
use steadfast_providers::telemetry::CallReport;
use steadfast_providers::telemetry::export::{otlp, prometheus};
use steadfast_providers::{Error, Health, RecentCall, Reply};

use super::secrets::{ANSWERS, ASKED, KEYS};
use crate::rig::Rig;

/// Everything that two calls left behind.
pub(super) struct Told {
    pub(super) rig: Rig,
    pub(super) folder: tempfile::TempDir,
    /// How public types looked on the way.
    pub(super) shown: String,
    pub(super) results: Vec<Result<Reply, Error>>,
    pub(super) health: Health,
    pub(super) trace: Vec<String>,
    pub(super) panics: Vec<String>,
    /// The canaries were sent.
    pub(super) asked: bool,
}

/// One place.
pub(super) struct Sink {
    pub(super) name: &'static str,
    /// What must not be told there.
    pub(super) hides: &'static [&'static [&'static str]],
    pub(super) read: fn(&Told) -> String,
}

const fn sink(name: &'static str, read: fn(&Told) -> String) -> Sink {
    Sink { name, hides: &[KEYS, ASKED, ANSWERS], read }
}

pub(super) const SINKS: &[Sink] = &[
    sink("tracing", |told| told.trace.join("\n")),
    sink("Display", |told| errors(told, |error| error.to_string())),
    sink("Debug", |told| format!("{}{:?}", told.shown, told.results)),
    sink("the chain of sources", |told| errors(told, chain)),
    sink("what an error tells of itself", |told| {
        errors(told, |error| format!("{:?}{:?}", error.request_id(), error.earlier()))
    }),
    sink("tool calls", |told| {
        let calls = told.results.iter().flatten().flat_map(Reply::tool_calls);
        calls.filter_map(|call| call.input().err()).map(|wrong| format!("{wrong}{wrong:?}")).collect()
    }),
    sink("ledger", |told| {
        let attempts = told.results.iter().map(|result| match result {
            Ok(reply) => &*reply.attempts,
            Err(error) => error.attempts(),
        });
        attempts.map(|attempts| format!("{attempts:?}{}", serde_json::to_string(attempts).unwrap())).collect()
    }),
    sink("recent calls", |told| {
        let calls = RecentCall::of(&told.rig.pool);
        format!("{calls:?}{}", serde_json::to_string(&calls).unwrap())
    }),
    sink("admission", |told| {
        let known = AdmissionSnapshot::of(&told.rig.pool);
        format!("{known:?}{}", serde_json::to_string(&known).unwrap())
    }),
    Sink {
        name: "health",
        // It sends nothing but the key, so that nothing else can be repeated.
        hides: &[KEYS],
        read: |told| format!("{:?}{}", told.health, told.health.error.iter().map(chain).collect::<String>()),
    },
    sink("the pool", |told| format!("{:?}{:?}", told.rig.pool, told.rig.pool.snapshot())),
    sink("its observer", |told| told.rig.waits.told.lock().unwrap().concat()),
    sink("reports", |told| {
        let snapshot = told.rig.pool.snapshot();
        let models = CallReport::of_models(&snapshot, "llm");
        format!("{}{models:?}{:?}", CallReport::read(&snapshot, "llm", &[]), CallReport::of_hosts(&snapshot, "pool"))
    }),
    sink("Prometheus", |told| {
        let mut registry = prometheus_client::registry::Registry::default();
        registry.register_collector(Box::new(prometheus::Exporter::new(told.rig.pool.registry().clone())));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        text
    }),
    sink("OTLP", |told| {
        let now = UnixNanos::from_nanos(told.rig.clock.wall().as_nanos());
        otlp::Exporter::new(now).json(&told.rig.pool.snapshot(), now)
    }),
    sink("panics", |told| told.panics.concat()),
    Sink {
        name: "files of a cache",
        // Answers are what it is for.
        hides: &[KEYS, ASKED],
        read: |told| {
            let mut text = String::new();
            for file in std::fs::read_dir(told.folder.path()).unwrap() {
                let bytes = std::fs::read(file.unwrap().path()).unwrap();
                text.push_str(&String::from_utf8_lossy(&bytes));
            }
            text
        },
    },
];

fn errors(told: &Told, tell: impl Fn(&Error) -> String) -> String {
    told.results.iter().filter_map(|result| result.as_ref().err()).map(tell).collect()
}

fn chain(error: &Error) -> String {
    let (mut text, mut cause) = (format!("{error}{error:?}"), error.source());
    while let Some(error) = cause {
        write!(text, "{error}{error:?}").unwrap();
        cause = error.source();
    }
    text
}

//! The series that OpenTelemetry's [conventions for generative AI](https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/)
//! name, and what is spent.

use std::sync::Arc;
use std::time::Duration;

use steadfast_telemetry::{Counter, Histogram, Key, Recorder, Registry};

use crate::{Usage, Usd};

const DURATION: &str = "gen_ai.client.operation.duration_ns";
const FIRST_CHUNK: &str = "gen_ai.client.operation.time_to_first_chunk_ns";
const TOKENS: &str = "gen_ai.client.token.usage";
const COST: &str = "llm_cost_micros";

/// The instruments of one model of one provider. Each is looked up when it is first needed, and kept by the registry.
#[derive(Clone, Debug)]
pub(crate) struct GenAi {
    registry: Registry,
    provider: Arc<str>,
    model: Arc<str>,
    duration: Histogram,
}

impl GenAi {
    pub(super) fn new(registry: &Registry, provider: &Arc<str>, model: &Arc<str>) -> Self {
        let duration = registry.histogram(&key(DURATION, provider, model));
        Self { registry: registry.clone(), provider: Arc::clone(provider), model: Arc::clone(model), duration }
    }

    /// A call ended; `error` says how, if not with an answer.
    pub(super) fn ended(&self, elapsed: Duration, error: Option<&'static str>) {
        match error {
            None => self.duration.record_duration(elapsed),
            Some(error) => {
                let key = key(DURATION, &self.provider, &self.model).label("error.type", error);
                self.registry.histogram(&key).record_duration(elapsed);
            }
        }
    }

    /// The first piece of a streamed answer came.
    pub(super) fn began(&self, after: Duration) {
        self.registry.histogram(&key(FIRST_CHUNK, &self.provider, &self.model)).record_duration(after);
    }

    /// The provider told what it took.
    pub(super) fn used(&self, usage: &Usage) {
        for (kind, tokens) in [("input", usage.input), ("output", usage.output)] {
            let key = key(TOKENS, &self.provider, &self.model).label("gen_ai.token.type", kind);
            self.registry.histogram(&key).record(tokens);
        }
    }

    /// What that costs.
    pub(super) fn cost(&self, cost: Usd) {
        let key = Key::new(COST).label("provider", self.provider.to_string()).label("model", self.model.to_string());
        let counter: Counter = self.registry.counter(&key);
        counter.add(cost.as_micro());
    }
}

fn key(name: &'static str, provider: &str, model: &str) -> Key {
    Key::new(name)
        .label("gen_ai.operation.name", "chat")
        .label("gen_ai.provider.name", provider.to_owned())
        .label("gen_ai.request.model", model.to_owned())
}

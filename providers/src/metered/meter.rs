//! The instruments: one set for all calls, and one for each model.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use steadfast_telemetry::{Calls, Registry};

use super::gen_ai::GenAi;

/// The prefix of the series.
const PREFIX: &str = "llm";

/// As many models have instruments of their own that are kept; others are looked up at each call.
const KEPT: usize = 256;

/// A provider and a model.
type Who = (Arc<str>, Arc<str>);

pub(crate) struct Meter {
    pub(crate) total: Calls,
    registry: Registry,
    models: Mutex<HashMap<Arc<str>, Arc<Calls>>>,
    gen_ai: Mutex<HashMap<Who, GenAi>>,
}

impl Meter {
    pub(crate) fn new(registry: &Registry) -> Self {
        let total = Calls::new(registry.clone(), PREFIX);
        Self { total, registry: registry.clone(), models: Mutex::default(), gen_ai: Mutex::default() }
    }

    /// The instruments of one model.
    pub(crate) fn model(&self, model: &str) -> Arc<Calls> {
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(calls) = models.get(model) {
            return Arc::clone(calls);
        }
        let calls = Arc::new(self.total.model(model));
        if models.len() < KEPT {
            models.insert(Arc::from(model), Arc::clone(&calls));
        }
        calls
    }

    /// The conventions' instruments of one model of one provider.
    pub(super) fn gen_ai(&self, provider: &Arc<str>, model: &Arc<str>) -> GenAi {
        let mut known = self.gen_ai.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (Arc::clone(provider), Arc::clone(model));
        if let Some(instruments) = known.get(&key) {
            return instruments.clone();
        }
        let instruments = GenAi::new(&self.registry, provider, model);
        if known.len() < KEPT {
            known.insert(key, instruments.clone());
        }
        instruments
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter").field("total", &self.total).finish_non_exhaustive()
    }
}

//! The instruments: one set for all calls, and one for each model.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use steadfast_telemetry::{Calls, Registry};

/// The prefix of the series.
const PREFIX: &str = "llm";

/// As many models have instruments of their own that are kept; others are looked up at each call.
const KEPT: usize = 256;

#[derive(Debug)]
pub(crate) struct Meter {
    pub(crate) total: Calls,
    models: Mutex<HashMap<Arc<str>, Arc<Calls>>>,
}

impl Meter {
    pub(crate) fn new(registry: &Registry) -> Self {
        Self { total: Calls::new(registry.clone(), PREFIX), models: Mutex::default() }
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
}

//! The instruments: one set for all calls, and one for each model.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use steadfast_telemetry::{Calls, Registry};

/// The prefix of the series.
const PREFIX: &str = "llm";

/// As many models have instruments of their own that are kept; others are looked up at each call.
const KEPT: usize = 256;

#[derive(Debug)]
pub(crate) struct Meter {
    pub(crate) total: Calls,
    models: Mutex<HashMap<String, Calls>>,
}

impl Meter {
    pub(crate) fn new(registry: &Registry) -> Self {
        Self { total: Calls::new(registry.clone(), PREFIX), models: Mutex::default() }
    }

    /// The instruments of one model.
    pub(crate) fn model(&self, model: &str) -> Calls {
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(calls) = models.get(model) {
            return calls.clone();
        }
        let calls = self.total.model(model);
        if models.len() < KEPT {
            models.insert(model.to_owned(), calls.clone());
        }
        calls
    }
}

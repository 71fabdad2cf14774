//! Texts as vectors.

use std::fmt;
use std::sync::Arc;

use steadfast_pool::CallContext;

use crate::{Attempt, Usage};

/// Texts that are to become vectors. Its `Debug` tells how many.
#[derive(Clone)]
#[must_use]
pub struct EmbedCall {
    pub(crate) texts: Arc<Vec<String>>,
    pub(crate) model: Option<Arc<str>>,
    pub(crate) dimensions: Option<u32>,
    pub(crate) context: CallContext,
}

impl EmbedCall {
    /// These texts, in this order.
    pub fn new<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        let texts = texts.into_iter().map(Into::into).collect();
        Self { texts: Arc::new(texts), model: None, dimensions: None, context: CallContext::new() }
    }

    /// Asks this model: those that answer questions make no vectors.
    pub fn model(mut self, model: impl Into<Arc<str>>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Asks for vectors of so many numbers, where the model can.
    pub fn dimensions(mut self, dimensions: u32) -> Self {
        self.dimensions = Some(dimensions);
        self
    }

    /// Sets what the call inherits from its caller: deadline, retry budget, leave to resend.
    pub fn context(mut self, context: CallContext) -> Self {
        self.context = context;
        self
    }
}

impl fmt::Debug for EmbedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbedCall")
            .field("texts", &self.texts.len())
            .field("model", &self.model)
            .field("dimensions", &self.dimensions)
            .finish_non_exhaustive()
    }
}

/// Texts that became vectors.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Embeddings {
    /// A vector for each text, in the order of the texts.
    pub vectors: Vec<Vec<f32>>,
    /// What it took; only `input` counts.
    pub usage: Usage,
    /// Who answered.
    pub provider: String,
    /// Which model answered, as the provider names it.
    pub model: String,
    /// Every attempt that was made, in order.
    pub attempts: Vec<Attempt>,
}

impl Embeddings {
    /// Vectors without usage and ledger, for providers of your own.
    #[must_use]
    pub fn new(provider: impl Into<String>, model: impl Into<String>, vectors: Vec<Vec<f32>>) -> Self {
        let (provider, model) = (provider.into(), model.into());
        Self { vectors, usage: Usage::default(), provider, model, attempts: Vec::new() }
    }
}

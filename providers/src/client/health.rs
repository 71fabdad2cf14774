//! Whether a provider can be asked: a look at its key, its endpoint and its limits, without a question.

use std::time::Duration;

use steadfast_clock::Clock;

use super::Client;
use crate::admission::AdmissionSnapshot;
use crate::{Error, ErrorKind, Provider};

/// Whether a provider can be asked, as far as a look tells that costs nothing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// The provider.
    pub provider: String,
    /// Where it is, without credentials and query.
    pub url: String,
    /// Whether there is a key; `None` where none is needed.
    pub has_key: Option<bool>,
    /// How many models it lists; `None` when it has no list, or did not answer.
    pub models: Option<usize>,
    /// Whether the model of the client is one of them.
    pub has_model: Option<bool>,
    /// Why it cannot be asked.
    pub error: Option<Error>,
    /// How long the answer took.
    pub elapsed: Duration,
    /// What is known of its limits: what it told so far, to this program.
    pub limits: Vec<AdmissionSnapshot>,
}

impl Health {
    /// Whether it can be asked, as far as that is known.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.error.is_none()
    }
}

impl Client {
    /// Looks whether the provider can be asked: reads the key, and asks which models there are. It sends no question, and
    /// fails in no way that is not told in the [`Health`].
    pub async fn check(&self) -> Health {
        let core = &self.0;
        let started = core.pool.timer().now();
        let held = core.keyring.current().await;
        let has_key = held.as_ref().map(|held| held.key.is_some()).unwrap_or(false);
        let listed = match held {
            Ok(_) => Provider::models(self).await,
            Err(error) => Err(error),
        };
        let (models, has_model, error) = match listed {
            Ok(models) => (Some(models.len()), Some(models.iter().any(|model| *model.id == *core.model)), None),
            Err(error) if error.kind() == ErrorKind::Unsupported => (None, None, None),
            Err(error) => (None, None, Some(error)),
        };
        let needs_key = core.keyring.has_source();
        Health {
            provider: core.name.as_ref().to_owned(),
            url: steadfast_pool::redacted(&core.url),
            has_key: (needs_key || has_key).then_some(has_key),
            models,
            has_model,
            error,
            elapsed: core.pool.timer().now().since(started),
            limits: AdmissionSnapshot::of(&core.pool)
                .into_iter()
                .filter(|snapshot| snapshot.provider == *core.name)
                .collect(),
        }
    }
}

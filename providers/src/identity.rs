//! Who would answer a call, as far as the answer depends on it.

use std::fmt;

use serde::Serialize;
use steadfast_cache::PromptKey;

use crate::client::Core;
use crate::{ApiKey, Call};

/// Who would answer a call, as far as the answer depends on it: provider, model, API, address, account. Of a router it is
/// all of its providers, in their order. Two calls whose identities differ never share an answer.
///
/// Of the account there is a digest alone. `Debug` shows providers and models.
///
/// ```
/// use steadfast_providers::Identity;
///
/// let mine = Identity::new("mine", "small-1").address("http://gateway.example/v2").account("team-7");
/// let chain = mine.clone().then(Identity::new("theirs", "large-1"));
/// assert_ne!(mine, chain);
/// assert_eq!(format!("{chain:?}"), r#"Identity(["mine/small-1", "theirs/large-1"])"#);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Identity(Vec<One>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct One {
    provider: String,
    model: String,
    api: Option<String>,
    address: Option<String>,
    account: Option<String>,
    max_tokens: Option<u32>,
}

impl Identity {
    /// A provider and the model that it would ask.
    #[must_use]
    pub fn new(provider: impl Into<String>, model: impl Into<String>) -> Self {
        let (provider, model) = (provider.into(), model.into());
        Self(vec![One { provider, model, api: None, address: None, account: None, max_tokens: None }])
    }

    /// The API and its version, where it changes what a call means.
    #[must_use]
    pub fn api(self, api: impl Into<String>) -> Self {
        self.with(|one| one.api = Some(api.into()))
    }

    /// Where the API is.
    #[must_use]
    pub fn address(self, address: impl Into<String>) -> Self {
        self.with(|one| one.address = Some(address.into()))
    }

    /// On whose account it answers: a name, or the key itself, of which a digest is kept.
    #[must_use]
    pub fn account(self, account: &str) -> Self {
        let digest = PromptKey::new("steadfast account v1", "").scope(account).finish();
        let hex = digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        self.with(|one| one.account = Some(hex))
    }

    /// How long an answer may be when the call does not say.
    #[must_use]
    pub fn max_tokens(self, tokens: u32) -> Self {
        self.with(|one| one.max_tokens = Some(tokens))
    }

    /// This one, and then the other, if this one does not answer.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// All of it as one text, the same in every process.
    pub(crate) fn encoded(&self) -> Option<String> {
        serde_json::to_string(&self.0).ok()
    }

    /// Changes the last one.
    fn with(mut self, change: impl FnOnce(&mut One)) -> Self {
        if let Some(one) = self.0.last_mut() {
            change(one);
        }
        self
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.0.iter().map(|one| format!("{}/{}", one.provider, one.model)).collect();
        f.debug_tuple("Identity").field(&names).finish()
    }
}

impl Core {
    /// Who would answer this call; `None` as long as the key is not known.
    pub(crate) fn identity(&self, call: &Call) -> Option<Identity> {
        let model = call.model.as_deref().unwrap_or(&self.model);
        let api = self
            .vendor
            .headers
            .iter()
            .fold(format!("{} {}", self.vendor.name, self.vendor.api), |api, (name, value)| {
                format!("{api} {name}={value}")
            });
        let identity = Identity::new(&*self.name, model)
            .api(api)
            .address(self.url.as_str())
            .max_tokens(self.settings(model).max_tokens.unwrap_or(self.max_tokens));
        Some(match &self.keyring.held()?.key {
            Some(key) => identity.account(ApiKey::expose(key)),
            None => identity,
        })
    }
}

//! The key of a provider, kept out of sight.

mod ring;
mod source;

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::{Arc, OnceLock};

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::{Error, ErrorKind};

pub(crate) use ring::{Held, Keyring};
pub use source::KeySource;

/// A provider's key. It shows itself nowhere: not in `Debug`, not in `Display`, not in errors, logs or ledgers.
///
/// ```
/// use steadfast_providers::ApiKey;
///
/// let key = ApiKey::new("sk-very-secret");
/// assert_eq!(format!("{key} {key:?}"), "[redacted] ApiKey([redacted])");
/// ```
#[derive(Clone)]
pub struct ApiKey {
    secret: SecretString,
    /// Where it was read from, for messages that say what to check.
    variable: Option<Arc<str>>,
}

impl ApiKey {
    /// A key. White space around it is not part of it.
    #[must_use]
    pub fn new(key: impl AsRef<str>) -> Self {
        Self { secret: SecretString::from(key.as_ref().trim()), variable: None }
    }

    /// The key in an environment variable.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingKey`] when the variable is not set, or empty, or not UTF-8.
    pub fn from_env(variable: &str) -> Result<Self, Error> {
        let key = std::env::var(variable).ok().map(|value| SecretString::from(value.trim()));
        match key.filter(|key| !key.expose_secret().is_empty()) {
            Some(secret) => Ok(Self { secret, variable: Some(Arc::from(variable)) }),
            None => {
                let what = format!("no key: set {variable}");
                Err(Error::new(ErrorKind::MissingKey, "", what))
            }
        }
    }

    /// Says where it was read from.
    fn told_by(mut self, place: &str) -> Self {
        self.variable = Some(Arc::from(place));
        self
    }

    pub(crate) fn variable(&self) -> Option<&str> {
        self.variable.as_deref()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.secret.expose_secret().is_empty()
    }

    /// The key as the value of a header; `None` when a header cannot carry it.
    pub(crate) fn header(&self, prefix: &str) -> Option<HeaderValue> {
        let value = SecretString::from(format!("{prefix}{}", self.secret.expose_secret()));
        let mut value = HeaderValue::from_str(value.expose_secret()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The key itself, to look for it where it must not be.
    pub(crate) fn expose(&self) -> &str {
        self.secret.expose_secret()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([redacted])")
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Eight hex digits that tell accounts apart within this process and mean nothing outside of it.
pub(crate) fn fingerprint(endpoint: &str, key: Option<&ApiKey>) -> String {
    static SEED: OnceLock<RandomState> = OnceLock::new();
    let mut hasher = SEED.get_or_init(RandomState::new).build_hasher();
    endpoint.hash(&mut hasher);
    key.map(ApiKey::expose).hash(&mut hasher);
    let mut hex = format!("{:016x}", hasher.finish());
    hex.truncate(8);
    hex
}

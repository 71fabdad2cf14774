//! The key that a client uses now, and those that it used before.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http::{HeaderName, HeaderValue};
use steadfast_clock::{Nanos, SharedTimer};

use super::{KeySource, fingerprint};
use crate::admission::Desk;
use crate::{ApiKey, Auth, Error, ErrorKind};

/// The key that a client uses now. It is exchanged as a whole; a call keeps the one that it began with.
pub(crate) struct Keyring {
    provider: Arc<str>,
    model: Arc<str>,
    endpoint: String,
    header: HeaderName,
    prefix: String,
    source: Option<KeySource>,
    timer: SharedTimer,
    held: Mutex<Option<Arc<Held>>>,
    /// One reads the key, the others wait for it.
    reading: tokio::sync::Mutex<()>,
}

/// A key, and all that follows from it.
pub(crate) struct Held {
    pub(crate) key: Option<ApiKey>,
    pub(crate) header: Option<HeaderValue>,
    /// Tells accounts apart within this process.
    fingerprint: String,
    /// The scope of the client's own model.
    scope: Arc<str>,
    /// Where calls of the client's own model wait.
    desk: OnceLock<Arc<Desk>>,
    /// Keys that were used before: they must not be told either.
    former: Vec<ApiKey>,
    read: Nanos,
}

/// So many former keys are looked for in what a provider says.
const FORMER: usize = 4;

impl Keyring {
    /// A ring whose key is there, if it can be had at once.
    pub(crate) fn new(
        provider: Arc<str>,
        model: Arc<str>,
        endpoint: &str,
        auth: &Auth,
        source: Option<KeySource>,
        timer: SharedTimer,
    ) -> Result<Self, Error> {
        let header = HeaderName::try_from(&*auth.header).map_err(|_| {
            Error::new(ErrorKind::Config, Arc::clone(&provider), "the key's header has no name")
                .advise("check how the key travels")
        })?;
        let ring = Self {
            provider,
            model,
            endpoint: endpoint.to_owned(),
            header,
            prefix: auth.prefix.clone(),
            source,
            timer,
            held: Mutex::new(None),
            reading: tokio::sync::Mutex::new(()),
        };
        match &ring.source {
            None => drop(ring.hold(None)?),
            Some(source) => {
                if let Some(key) = source.at_once(&ring.provider) {
                    ring.hold(Some(key?))?;
                }
            }
        }
        Ok(ring)
    }

    /// The header in which a key travels.
    pub(crate) fn header(&self) -> &HeaderName {
        &self.header
    }

    /// Whether there is a place that a key comes from.
    pub(crate) fn has_source(&self) -> bool {
        self.source.is_some()
    }

    /// The key as it is known now.
    pub(crate) fn held(&self) -> Option<Arc<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key to begin a call with.
    pub(crate) async fn current(&self) -> Result<Arc<Held>, Error> {
        match self.held() {
            Some(held) if !self.is_old(&held) => Ok(held),
            // Rather an old key than none.
            Some(held) => Ok(Box::pin(self.read(Some(&held))).await.unwrap_or_else(|error| {
                tracing::warn!(provider = &*self.provider, %error, "the key cannot be read again, the old one stays");
                held
            })),
            None => Box::pin(self.read(None)).await,
        }
    }

    /// The key after `refused`, which the provider did not accept; `None` when there is no other.
    pub(crate) async fn after(&self, refused: &Held) -> Option<Arc<Held>> {
        self.source.as_ref()?;
        let held = self.read(Some(refused)).await.ok()?;
        (held.key.as_ref().map(ApiKey::expose) != refused.key.as_ref().map(ApiKey::expose)).then_some(held)
    }

    fn is_old(&self, held: &Held) -> bool {
        let every = self.source.as_ref().and_then(|source| source.every);
        every.is_some_and(|every| self.timer.now().since(held.read) >= every)
    }

    /// Reads the key, unless somebody else did since `before` was read.
    async fn read(&self, before: Option<&Held>) -> Result<Arc<Held>, Error> {
        let _one = self.reading.lock().await;
        if let Some(held) = self.held() {
            if before.is_none_or(|before| held.read > before.read || held.fingerprint != before.fingerprint) {
                return Ok(held);
            }
        }
        match &self.source {
            None => self.hold(None),
            Some(source) => self.hold(Some(source.read(&self.provider, &self.timer).await?)),
        }
    }

    fn hold(&self, key: Option<ApiKey>) -> Result<Arc<Held>, Error> {
        let key = key.filter(|key| !key.is_empty());
        let header = match &key {
            None => None,
            Some(key) => Some(key.header(&self.prefix).ok_or_else(|| {
                Error::new(ErrorKind::Config, Arc::clone(&self.provider), "the key has characters that no key has")
                    .advise(format!("check {}", key.variable().unwrap_or("the key")))
            })?),
        };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut former = held.as_ref().map(|held| held.former.clone()).unwrap_or_default();
        let before = held.as_ref().and_then(|held| held.key.as_ref());
        if let Some(before) = before.filter(|before| Some(before.expose()) != key.as_ref().map(ApiKey::expose)) {
            former.insert(0, before.clone());
            former.truncate(FORMER);
        }
        let fingerprint = fingerprint(&self.endpoint, key.as_ref());
        let scope = scope(&self.provider, &self.model, &fingerprint);
        let now =
            Arc::new(Held { key, header, fingerprint, scope, desk: OnceLock::new(), former, read: self.timer.now() });
        *held = Some(Arc::clone(&now));
        Ok(now)
    }
}

impl Held {
    /// Where calls of a model wait: made by `make` of the key's fingerprint, and kept for the client's own model.
    pub(crate) fn desk(&self, ring: &Keyring, model: &Arc<str>, make: impl FnOnce(&str) -> Arc<Desk>) -> Arc<Desk> {
        match *model == ring.model {
            true => Arc::clone(self.desk.get_or_init(|| make(&self.fingerprint))),
            false => make(&self.fingerprint),
        }
    }

    /// Names what is shared by the calls of one provider, model and key, such as a breaker.
    pub(crate) fn scope(&self, ring: &Keyring, model: &Arc<str>) -> Arc<str> {
        match *model == ring.model {
            true => Arc::clone(&self.scope),
            false => scope(&ring.provider, model, &self.fingerprint),
        }
    }

    /// All keys that must not be told.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.key.iter().chain(&self.former).map(ApiKey::expose)
    }
}

fn scope(provider: &str, model: &str, fingerprint: &str) -> Arc<str> {
    Arc::from(format!("{provider}/{model}#{fingerprint}"))
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

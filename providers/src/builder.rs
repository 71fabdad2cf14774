//! Puts a client together.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use steadfast_backoff::Policy;
use steadfast_pool::{Pool, Timeouts};

use crate::admission::Limits;
use crate::classify::Rules;
use crate::client::Core;
use crate::endpoint::{check_key, endpoint};
use crate::key::Keyring;
use crate::{ApiKey, Client, Error, ErrorKind, KeySource, ModelSettings, Prices, StreamTimeouts, Vendor};

/// Puts a [`Client`] together.
#[must_use]
pub struct ClientBuilder {
    pool: Pool,
    vendor: Vendor,
    name: Option<Arc<str>>,
    base_url: Option<String>,
    key: Option<KeySource>,
    plain_http: bool,
    model: Option<Arc<str>>,
    version: Option<String>,
    retry: Policy,
    timeouts: Option<Timeouts>,
    stream_timeouts: StreamTimeouts,
    max_tokens: u32,
    models: HashMap<Arc<str>, ModelSettings>,
    limits: Option<Limits>,
    prices: Option<Prices>,
    traces_contents: bool,
}

/// The most tokens of an answer where the API insists on a limit and neither call nor client has one.
const MAX_TOKENS: u32 = 4096;

impl ClientBuilder {
    pub(crate) fn new(pool: Pool, vendor: Vendor) -> Self {
        Self {
            pool,
            vendor,
            name: None,
            base_url: None,
            key: None,
            plain_http: false,
            model: None,
            version: None,
            retry: Policy::provider(),
            timeouts: None,
            stream_timeouts: StreamTimeouts::default(),
            max_tokens: MAX_TOKENS,
            models: HashMap::new(),
            limits: None,
            prices: None,
            traces_contents: false,
        }
    }

    /// Sets the API's base URL. For OpenAI and its like it includes the version (`https://api.openai.com/v1`), for
    /// Anthropic it does not (`https://api.anthropic.com`).
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Sets the key. A loopback base URL needs none.
    pub fn api_key(mut self, key: ApiKey) -> Self {
        self.key = (!key.is_empty()).then(|| KeySource::given(key));
        self
    }

    /// Sets where the key comes from, so that it can be exchanged while the program runs.
    ///
    /// Variables and files are read at once, by [`build`](Self::build); commands and resolvers before the first call. When
    /// the provider does not accept the key it is read again, and if it is another one, the call is sent once more.
    pub fn key_from(mut self, source: KeySource) -> Self {
        self.key = Some(source);
        self
    }

    /// Sets the model that answers when a call names none. There is no default: models come and go.
    pub fn model(mut self, model: impl Into<Arc<str>>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Chooses the version of the API, where there are several: Anthropic's are `2023-06-01`, the default, and
    /// `2026-10-21`. A call that asks for what the version refuses is refused before it is sent.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Sets what the provider is called in replies, errors and the ledger, to tell compatible ones apart.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets when to try again; the default is [`Policy::provider`].
    pub fn retry(mut self, policy: Policy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets the limits of the attempts of plain calls; the default is the pool's. A plain answer has its head when all of
    /// it is written: the header limit is what a long answer may take.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = Some(timeouts);
        self
    }

    /// Sets the limits of the attempts of streamed calls, in place of the pool's.
    pub fn stream_timeouts(mut self, timeouts: StreamTimeouts) -> Self {
        self.stream_timeouts = timeouts;
        self
    }

    /// Sets what is otherwise for one model, by the name that calls have for it.
    pub fn for_model(mut self, model: impl Into<Arc<str>>, settings: ModelSettings) -> Self {
        self.models.insert(model.into(), settings);
        self
    }

    /// Sets what tokens cost, in place of [`Prices::builtin`]; they are looked up by the name of the vendor.
    pub fn prices(mut self, prices: Prices) -> Self {
        self.prices = Some(prices);
        self
    }

    /// Lets the key travel over plain http to hosts other than loopback, for gateways inside of a private network.
    pub fn allow_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Traces tell questions and answers in full, as the records `question` and `answer` of a call's span. Without this
    /// they tell neither: think of who reads your traces.
    pub fn trace_contents(mut self) -> Self {
        self.traces_contents = true;
        self
    }

    /// Sets how many tokens an answer may have when the call does not say, where the API insists on a limit. The default
    /// is 4096.
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.max_tokens = tokens;
        self
    }

    /// Sets what is known of the account's limits before the provider tells them, and how long calls wait for them. They
    /// are those of a provider, key and family of models, and shared by all clients of the pool.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingKey`] when the base URL needs a key, [`ErrorKind::Config`] when the base URL is none, there is
    /// no model, no such version of the API, a header cannot carry the key, or the key would travel unencrypted.
    pub fn build(self) -> Result<Client, Error> {
        let mut vendor = self.vendor;
        let name = self.name.unwrap_or_else(|| Arc::from(&*vendor.name));
        let wrong = |what: &str, advice: &str| Error::new(ErrorKind::Config, Arc::clone(&name), what).advise(advice);
        if let Some(version) = self.version {
            let versions = vendor
                .versions
                .as_ref()
                .ok_or_else(|| wrong("its API has no versions to choose from", "leave the version out"))?;
            if !versions.known.contains_key(&version) {
                let known = versions.known.keys().map(String::as_str).collect::<Vec<_>>().join(" or ");
                return Err(wrong(&format!("its API has no version {version:?}"), &format!("choose {known}")));
            }
            vendor.headers.insert(versions.header.clone(), version);
        }
        let vendor = Arc::new(vendor);
        let family = vendor.api.family().ok_or_else(|| wrong("its API is not spoken here", "use another one"))?;
        let url = endpoint(&name, &vendor, family, self.base_url.as_deref().unwrap_or(&vendor.base_url))?;
        check_key(&name, &vendor, &url, self.key.is_some(), self.plain_http)?;
        let model = self.model.filter(|model| !model.is_empty()).ok_or_else(|| wrong("no model", "name one"))?;
        let mut headers = HeaderMap::new();
        for (header, value) in &vendor.headers {
            let header =
                HeaderName::try_from(header).map_err(|_| wrong("a header has no name", "check its headers"))?;
            let value =
                HeaderValue::try_from(value).map_err(|_| wrong("a header has no value", "check its headers"))?;
            headers.insert(header, value);
        }
        let timer = Arc::clone(self.pool.timer());
        let keyring = Keyring::new(Arc::clone(&name), Arc::clone(&model), url.as_str(), &vendor.auth, self.key, timer)?;
        Ok(Client(Arc::new(Core {
            pool: self.pool,
            rules: Arc::new(Rules(Arc::clone(&vendor))),
            vendor,
            family,
            name,
            model,
            url,
            headers,
            keyring,
            retry: self.retry,
            timeouts: self.timeouts,
            stream_timeouts: self.stream_timeouts,
            max_tokens: self.max_tokens,
            models: self.models,
            limits: self.limits,
            prices: self.prices.unwrap_or_else(|| Prices::builtin().clone()),
            traces_contents: self.traces_contents,
        })))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("vendor", &self.vendor.name)
            .field("name", &self.name)
            .field("model", &self.model)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

//! Puts a client together.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use steadfast_backoff::Policy;
use steadfast_pool::{Pool, Timeouts};

use crate::classify::Rules;
use crate::client::Client;
use crate::endpoint::{check_key, endpoint};
use crate::key::fingerprint;
use crate::vendor::Vendor;
use crate::{Anthropic, ApiKey, Error, ErrorKind, OpenAi};

/// Puts an [`OpenAi`] or an [`Anthropic`] client together.
#[must_use]
pub struct ClientBuilder<C> {
    pool: Pool,
    vendor: &'static Vendor,
    name: Option<Arc<str>>,
    base_url: Option<String>,
    key: Option<ApiKey>,
    plain_http: bool,
    model: Option<Arc<str>>,
    retry: Policy,
    timeouts: Option<Timeouts>,
    stream_timeouts: Option<Timeouts>,
    max_tokens: u32,
    traces_contents: bool,
    client: PhantomData<fn() -> C>,
}

/// The most tokens of an answer where the API insists on a limit and neither call nor client has one.
const MAX_TOKENS: u32 = 4096;

impl<C> ClientBuilder<C> {
    pub(crate) fn new(pool: Pool, vendor: &'static Vendor) -> Self {
        Self {
            pool,
            vendor,
            name: None,
            base_url: None,
            key: None,
            plain_http: false,
            model: None,
            retry: Policy::provider(),
            timeouts: None,
            stream_timeouts: None,
            max_tokens: MAX_TOKENS,
            traces_contents: false,
            client: PhantomData,
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
        self.key = Some(key);
        self
    }

    /// Sets the model that answers when a call names none. There is no default: models come and go.
    pub fn model(mut self, model: impl Into<Arc<str>>) -> Self {
        self.model = Some(model.into());
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

    /// Sets the limits of the attempts of streamed calls; the default is the pool's without a limit on the whole.
    pub fn stream_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.stream_timeouts = Some(timeouts);
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

    fn client(self) -> Result<Arc<Client>, Error> {
        let vendor = self.vendor;
        let name = self.name.unwrap_or_else(|| Arc::from(vendor.name));
        let wrong = |what: &str, advice: &str| Error::new(ErrorKind::Config, Arc::clone(&name), what).advise(advice);
        let url = endpoint(&name, vendor, self.base_url.as_deref().unwrap_or(vendor.base_url))?;
        let key = self.key.filter(|key| !key.is_empty());
        check_key(&name, vendor, &url, key.as_ref(), self.plain_http)?;
        let model = self.model.filter(|model| !model.is_empty()).ok_or_else(|| wrong("no model", "name one"))?;
        let mut headers = HeaderMap::new();
        for (header, value) in vendor.headers {
            headers.insert(HeaderName::from_static(header), HeaderValue::from_static(value));
        }
        if let Some(key) = &key {
            let (header, prefix) = vendor.key_header;
            let advice = key.variable().unwrap_or("the key");
            let value = key
                .header(prefix)
                .ok_or_else(|| wrong("the key has characters that no key has", &format!("check {advice}")))?;
            headers.insert(HeaderName::from_static(header), value);
        }
        let fingerprint = fingerprint(url.as_str(), key.as_ref());
        Ok(Arc::new(Client {
            pool: self.pool,
            vendor,
            scope: Client::scope_of(&name, &model, &fingerprint),
            fingerprint,
            name,
            model,
            url,
            headers,
            key,
            retry: self.retry,
            timeouts: self.timeouts,
            stream_timeouts: self.stream_timeouts,
            rules: Arc::new(Rules(vendor)),
            max_tokens: self.max_tokens,
            traces_contents: self.traces_contents,
        }))
    }
}

impl ClientBuilder<OpenAi> {
    /// The client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingKey`] when the base URL needs a key, [`ErrorKind::Config`] when the base URL is none, there is
    /// no model, a header cannot carry the key, or the key would travel unencrypted.
    pub fn build(self) -> Result<OpenAi, Error> {
        self.client().map(OpenAi)
    }
}

impl ClientBuilder<Anthropic> {
    /// Sets how many tokens an answer may have when the call does not say; the API insists on a limit. The default is
    /// 4096.
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.max_tokens = tokens;
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// As the one of [`OpenAi`].
    pub fn build(self) -> Result<Anthropic, Error> {
        self.client().map(Anthropic)
    }
}

impl<C> fmt::Debug for ClientBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("vendor", &self.vendor.name)
            .field("name", &self.name)
            .field("model", &self.model)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

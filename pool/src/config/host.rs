//! Settings of one host, or of all hosts below a domain.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use steadfast_backoff::{Budget, Policy, StatusSet};
use steadfast_breaker::Rule;
use steadfast_ratelimit::Quota;
use url::Url;

use crate::classify::Classify;
use crate::error::{Error, ErrorKind};
use crate::hedging::Hedging;
use crate::timeouts::Timeouts;

/// Settings of one host; what is not set is the pool's.
///
/// ```
/// use std::num::NonZeroU32;
/// use std::time::Duration;
/// use steadfast_pool::{HostConfig, Pool};
/// use steadfast_testkit::{Reply, Script, Server};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let server = Server::start(Script::new().always(Reply::status(200))).await?;
/// let config = HostConfig::new()
///     .base_url(server.url().parse()?)
///     .per_minute(600)?
///     .concurrency(NonZeroU32::new(8).unwrap())
///     .breaker_after(5, Duration::from_secs(30), 2);
/// let pool = Pool::builder().host("127.0.0.1", config).build()?;
///
/// let host = pool.host("127.0.0.1")?;
/// let response = host.execute(host.get("/v1/models")?).await?;
/// assert_eq!(response.status(), 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct HostConfig {
    /// Headers of every request to the host that does not set them itself.
    pub default_headers: HeaderMap,
    /// What the paths of a [`HostClient`](crate::HostClient) are appended to. Default: `https://` and the host.
    pub base_url: Option<Url>,
    /// How often the host may be called; every attempt counts. Default: no limit.
    pub quota: Option<Quota>,
    /// How many calls to the host there may be at once, from the attempt to the end of the answer's body. Default: no
    /// limit.
    pub concurrency: Option<NonZeroU32>,
    /// When the host is left alone.
    pub breaker: Option<Rule>,
    /// When to try again.
    pub retry: Option<Policy>,
    /// Where retries are paid from.
    pub budget: Option<Arc<dyn Budget>>,
    /// What answers mean.
    pub classify: Option<Arc<dyn Classify>>,
    /// Whether calls that ask for the same at the same time are one. Default: as the pool's.
    #[cfg(feature = "cache")]
    pub coalesce: Option<bool>,
    /// When another attempt is started beside one that takes too long. Default: never.
    pub hedging: Option<Hedging>,
    /// The limits of each attempt; streams take the same without the limit of the whole attempt.
    pub timeouts: Option<Timeouts>,
}

impl HostConfig {
    /// Settings that change nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a default header. Mark the value of a credential as sensitive.
    #[must_use]
    pub fn default_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.default_headers.insert(name, value);
        self
    }

    /// Sets what paths are appended to, such as `https://api.example.com/v1`.
    #[must_use]
    pub fn base_url(mut self, base: Url) -> Self {
        self.base_url = Some(base);
        self
    }

    /// Limits how often the host is called.
    #[must_use]
    pub fn quota(mut self, quota: Quota) -> Self {
        self.quota = Some(quota);
        self
    }

    /// Limits how often the host is called, evenly: 60 a minute is one a second.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when it is zero, or more than one in a nanosecond.
    pub fn per_minute(self, calls: u64) -> Result<Self, Error> {
        let quota = Quota::per_minute(calls);
        let quota = quota.map_err(|error| Error::new(ErrorKind::Config, "the rate cannot be").caused_by(error))?;
        Ok(self.quota(quota))
    }

    /// Limits how many calls to the host there are at once. Who finds no place waits in order, until the deadline.
    #[must_use]
    pub fn concurrency(mut self, calls: NonZeroU32) -> Self {
        self.concurrency = Some(calls);
        self
    }

    /// Sets the breaker's rule.
    #[must_use]
    pub fn breaker(mut self, rule: Rule) -> Self {
        self.breaker = Some(rule);
        self
    }

    /// Has the breaker open after `threshold` failures within a minute, let probes out after `reset_period`, and at most
    /// `half_open_max` of them at once; as many successes close it.
    #[must_use]
    pub fn breaker_after(self, threshold: u32, reset_period: Duration, half_open_max: u32) -> Self {
        let rule = Rule::new().failures(threshold).open_for(reset_period);
        self.breaker(rule.probes(half_open_max).successes(half_open_max))
    }

    /// Sets the retry policy.
    #[must_use]
    pub fn retry(mut self, policy: Policy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Sets where retries are paid from, unless the call brings a budget of its own.
    #[must_use]
    pub fn budget(mut self, budget: Arc<dyn Budget>) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Sets what answers mean.
    #[must_use]
    pub fn classify(mut self, classify: Arc<dyn Classify>) -> Self {
        self.classify = Some(classify);
        self
    }

    /// Sets whether calls that ask for the same at the same time are one. See
    /// [`PoolBuilder::coalesce`](crate::PoolBuilder::coalesce).
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn coalesce(mut self, coalesce: bool) -> Self {
        self.coalesce = Some(coalesce);
        self
    }

    /// Sets when another attempt is started beside one that takes too long.
    #[must_use]
    pub fn hedge(mut self, hedging: Hedging) -> Self {
        self.hedging = Some(hedging);
        self
    }

    /// Sets which statuses are worth another attempt.
    #[must_use]
    pub fn retry_statuses(self, statuses: StatusSet) -> Self {
        self.classify(Arc::new(statuses))
    }

    /// Sets the limits of each attempt.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = Some(timeouts);
        self
    }
}

impl fmt::Debug for HostConfig {
    /// Tells the names of headers and never their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.default_headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("HostConfig")
            .field("default_headers", &names)
            .field("base_url", &self.base_url.as_ref().map(crate::redact::redacted))
            .field("quota", &self.quota)
            .field("concurrency", &self.concurrency)
            .field("breaker", &self.breaker)
            .field("retry", &self.retry)
            .field("budget", &self.budget.is_some())
            .field("classify", &self.classify.is_some())
            .field("hedging", &self.hedging)
            .field("timeouts", &self.timeouts)
            .finish()
    }
}

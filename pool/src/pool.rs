//! The pool: what all calls share.

use std::fmt;
use std::sync::Arc;

use steadfast_backoff::{Budget, Policy, StatusSet};
use steadfast_breaker::Rule;
use steadfast_clock::{Clock, SharedTimer, System, TokioTimeouts, UnixNanos, Wall};
use steadfast_telemetry::{Recorder, Registry, Snapshot};
use url::Url;

use crate::attached::Attached;
use crate::classify::Classify;
use crate::config::{HostConfig, PoolConfig};
use crate::error::{Error, ErrorKind};
use crate::event::Observer;
use crate::gate::{Gate, Inside};
use crate::host::{self, Hosts, Shared};
use crate::metrics::PoolMetrics;
use crate::pipeline::{self, Failure, Mode};
use crate::redact::redacted;
use crate::request::Request;
use crate::response::Response;
#[cfg(feature = "cache")]
use crate::response_cache::ResponseCache;
#[cfg(feature = "cache")]
use crate::sharing::Sharing;
use crate::streaming::Streaming;
use crate::transport::{Connections, Transport};

/// An HTTP client that keeps calls alive. Clones share everything; make one and use it everywhere.
///
/// Every call goes through one pipeline: deadline, rate limit, breaker, sending, judging the answer, and, where that
/// is safe and sensible, waiting and trying again.
#[derive(Clone)]
pub struct Pool {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: PoolConfig,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) timer: SharedTimer,
    pub(crate) wall: Arc<dyn Wall + Send + Sync>,
    pub(crate) retry: Policy,
    pub(crate) budget: Option<Arc<dyn Budget>>,
    pub(crate) classify: Arc<dyn Classify>,
    pub(crate) hosts: Hosts,
    pub(crate) shared: Arc<Shared>,
    pub(crate) gate: Gate,
    pub(crate) attached: Attached,
    #[cfg(feature = "cache")]
    pub(crate) sharing: Sharing,
}

impl Pool {
    /// A pool with the defaults: its own transport (`reqwest` where only that is on), `http()` retry preset, a breaker for
    /// each host.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when a proxy variable of the environment is malformed.
    #[cfg(any(feature = "hyper", feature = "reqwest"))]
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Starts to put a pool together.
    pub fn builder() -> PoolBuilder {
        PoolBuilder::default()
    }

    /// Sets what is special about a host: `api.example.com`, with its port `api.example.com:8443`, or about every host
    /// below a domain, each for itself: `*.example.com`. Replaces what was set for this name before.
    ///
    /// A name goes before a domain, a longer domain before a shorter one, and what is said with a port before what is
    /// said without. Calls under way keep what they began with. What was taken of a limit stays taken, whatever the
    /// limit becomes; a breaker begins anew if its rule is another.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when `host` is no host's name, the breaker's rule is contradictory, or the base URL is of
    /// another host.
    pub fn configure_host(&self, host: &str, config: HostConfig) -> Result<(), Error> {
        self.inner.hosts.configure(host, config, self.inner.timer.now())
    }

    /// Takes back what was set for a host or a domain, while calls go on as with [`configure_host`](Self::configure_host).
    pub fn remove_host(&self, host: &str) {
        self.inner.hosts.unconfigure(host, self.inner.timer.now());
    }

    /// What was set for a host or a domain.
    #[must_use]
    pub fn host_config(&self, host: &str) -> Option<HostConfig> {
        self.inner.hosts.config(host)
    }

    /// Sends a request and receives the whole answer, within its timeouts and at most `max_body` bytes of it. An
    /// answer is `Ok` whatever its status; retries are over then.
    ///
    /// # Errors
    ///
    /// An [`Error`] whose kind says what failed, with the attempts that were made.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the call: the attempt under way is closed, and the breaker learns that it was
    /// abandoned. The server may have executed it.
    pub async fn execute(&self, request: Request) -> Result<Response, Error> {
        let (head, arrival) = pipeline::followed(&self.inner, &request, Mode::Whole).await?;
        Ok(Response::new(head, arrival))
    }

    /// Sends a request and returns as soon as the head of the answer is there; its body follows as it comes. Retries
    /// end with the head: what fails later is the caller's to judge.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    ///
    /// # Cancel safety
    ///
    /// As [`execute`](Self::execute); dropping the answer closes its connection.
    pub async fn stream(&self, request: Request) -> Result<Streaming, Error> {
        let (head, arrival) = pipeline::followed(&self.inner, &request, Mode::Stream).await?;
        Ok(Streaming::new(head, arrival))
    }

    /// The figures of all calls. A call succeeded if it ended with an answer below 400; its latency is the time of all
    /// attempts and waits up to the answer, of streams up to the answer's head.
    #[must_use]
    pub fn metrics(&self) -> PoolMetrics {
        PoolMetrics::read(&self.snapshot(), None, self.connections())
    }

    /// The figures of one host, named as it is dialled: `api.example.com`, or `127.0.0.1:8080` when the URL has a port. Those
    /// that are not remembered, for being transient or too many, are counted together as `other`, so that the figures of all
    /// hosts add up to the total.
    #[must_use]
    pub fn host_metrics(&self, host: &str) -> PoolMetrics {
        let host = host::plain(host);
        PoolMetrics::read(&self.snapshot(), Some(&host), self.host_connections(&host))
    }

    /// The connections to all hosts; `None` from a transport that cannot tell.
    #[must_use]
    pub fn connections(&self) -> Option<Connections> {
        self.inner.transport.connections(None)
    }

    /// The connections to one host, named as it is dialled; `None` from a transport that cannot tell.
    #[must_use]
    pub fn host_connections(&self, host: &str) -> Option<Connections> {
        self.inner.transport.connections(Some(&host::plain(host)))
    }

    /// Opens connections to the host of `url` ahead of need, until so many are there; tells how many are. 0 from a
    /// transport that cannot.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PoolClosed`], or why a connection cannot be made.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future keeps the connections that were made.
    pub async fn warm(&self, url: &Url, connections: usize) -> Result<usize, Error> {
        let inside = Inside::enter(&self.inner);
        if inside.is_none() {
            return Err(Error::new(ErrorKind::PoolClosed, "the pool is closed"));
        }
        self.inner
            .transport
            .warm(url, connections)
            .await
            .map_err(|error| Failure::from(error).into_error().at(redacted(url)))
    }

    /// Takes no new calls and completes when those under way have ended, and their answers, too: streams that are still
    /// read are waited for. Then the connections are closed. Can be called again, and from several places.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the pool closed to new calls; those under way end by themselves. Called again, it goes
    /// on where it was.
    pub async fn close(&self) {
        self.inner.gate.close();
        self.inner.gate.emptied().await;
        self.inner.transport.close().await;
    }

    /// Whether [`close`](Self::close) was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inner.gate.is_closed()
    }

    /// Everything that was counted: the pool's own series begin with `pool`.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.registry().snapshot()
    }

    /// Where the pool counts, for figures that shall stand beside its own.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.inner.shared.registry
    }

    /// The timer of the pool: deadlines are points of its clock.
    #[must_use]
    pub fn timer(&self) -> &SharedTimer {
        &self.inner.timer
    }

    /// The date.
    #[must_use]
    pub fn wall(&self) -> UnixNanos {
        self.inner.wall.wall()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("config", &self.inner.config)
            .field("transport", &self.inner.transport)
            .finish_non_exhaustive()
    }
}

/// Puts a [`Pool`] together.
#[must_use]
pub struct PoolBuilder {
    config: PoolConfig,
    transport: Option<Arc<dyn Transport>>,
    timer: Option<SharedTimer>,
    wall: Option<Arc<dyn Wall + Send + Sync>>,
    observer: Arc<dyn Observer>,
    retry: Policy,
    budget: Option<Arc<dyn Budget>>,
    classify: Arc<dyn Classify>,
    breaker: Option<Rule>,
    registry: Option<Registry>,
    #[cfg(feature = "cache")]
    sharing: Sharing,
    hosts: Vec<(String, HostConfig)>,
}

impl Default for PoolBuilder {
    fn default() -> Self {
        Self {
            config: PoolConfig::default(),
            transport: None,
            timer: None,
            wall: None,
            observer: Arc::new(()),
            retry: Policy::http(),
            budget: None,
            classify: Arc::new(StatusSet::GATEWAY),
            breaker: Some(Rule::default()),
            registry: None,
            #[cfg(feature = "cache")]
            sharing: Sharing::default(),
            hosts: Vec::new(),
        }
    }
}

impl PoolBuilder {
    /// Sets the connection settings and defaults.
    pub fn config(mut self, config: PoolConfig) -> Self {
        self.config = config;
        self
    }

    /// Sets the transport; the default is the pool's own (`reqwest` where only that is on), with the connection settings of
    /// the configuration.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Sets the timer; the default is tokio's.
    pub fn timer(mut self, timer: SharedTimer) -> Self {
        self.timer = Some(timer);
        self
    }

    /// Sets the calendar; the default is the system's.
    pub fn wall(mut self, wall: Arc<dyn Wall + Send + Sync>) -> Self {
        self.wall = Some(wall);
        self
    }

    /// Tells `observer` what happens.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// Sets when to try again; the default is the `http()` preset.
    pub fn retry(mut self, policy: Policy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets where all retries are paid from, unless a host or a call has a budget of its own. The default is nowhere:
    /// against an outage that is met with retries the breakers help already.
    pub fn budget(mut self, budget: Arc<dyn Budget>) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Sets which statuses are worth another attempt; the default is 429, 502, 503 and 504.
    pub fn retry_statuses(self, statuses: StatusSet) -> Self {
        self.classify(Arc::new(statuses))
    }

    /// Sets what answers mean; the default retries 429, 502, 503 and 504.
    pub fn classify(mut self, classify: Arc<dyn Classify>) -> Self {
        self.classify = classify;
        self
    }

    /// Sets the rule of the hosts' breakers; the default is 5 failures within 60 s.
    pub fn breaker(mut self, rule: Rule) -> Self {
        self.breaker = Some(rule);
        self
    }

    /// No breakers but those that hosts configure.
    pub fn without_breaker(mut self) -> Self {
        self.breaker = None;
        self
    }

    /// Counts into `registry`, so that several pools and the program's own figures stand together.
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// Keeps answers to GET and HEAD in `cache`, and gives them again as their servers allow. The default is to keep none.
    #[cfg(feature = "cache")]
    pub fn cache(mut self, cache: ResponseCache) -> Self {
        self.sharing.cache = Some(cache);
        self
    }

    /// Sets whether whole answers to GET and HEAD are shared by those who ask for the same at the same time: same method, URL
    /// and headers, credentials among them, and without a body. The default is not to. Nothing is kept.
    ///
    /// The call that they share is made as the first of them asked, with its timeouts, retries and listeners. Each caller has
    /// its own deadline: one that leaves disturbs nobody, and the last one that leaves ends the call. A failure is told to
    /// all. Streams, [transient](Request::transient) requests, and those that [carry](crate::CallContext::carry) attempts from
    /// above are not shared.
    #[cfg(feature = "cache")]
    pub fn coalesce(mut self, coalesce: bool) -> Self {
        self.sharing.coalesce = coalesce;
        self
    }

    /// Sets what is special about a host or a domain, as [`Pool::configure_host`] does.
    pub fn host(mut self, host: impl Into<String>, config: HostConfig) -> Self {
        self.hosts.push((host.into(), config));
        self
    }

    /// The pool.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when a host's configuration is refused, the breaker's rule is contradictory, a proxy variable of the environment is
    /// malformed, or there is no transport.
    pub fn build(self) -> Result<Pool, Error> {
        if let Some(rule) = self.breaker {
            host::check_rule(rule)?;
        }
        let timer = self.timer.unwrap_or_else(|| steadfast_clock::shared(TokioTimeouts::new()));
        let registry = self.registry.unwrap_or_else(|| registry(self.config.max_host_figures));
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport(&self.config, &timer, &registry)?,
        };
        let figures = self.config.enable_metrics.then_some(self.config.max_host_figures);
        let shared = Arc::new(Shared::new(registry, self.observer, figures));
        let hosts = Hosts::new(Arc::clone(&shared), self.breaker, self.config.max_hosts);
        for (host, config) in self.hosts {
            hosts.configure(&host, config, timer.now())?;
        }
        let inner = Inner {
            config: self.config,
            transport,
            timer,
            wall: self.wall.unwrap_or_else(|| Arc::new(System::new())),
            retry: self.retry,
            budget: self.budget,
            classify: self.classify,
            hosts,
            shared,
            gate: Gate::default(),
            attached: Attached::default(),
            #[cfg(feature = "cache")]
            sharing: self.sharing,
        };
        Ok(Pool { inner: Arc::new(inner) })
    }
}

impl fmt::Debug for PoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

#[cfg(feature = "hyper")]
fn default_transport(
    config: &PoolConfig,
    timer: &SharedTimer,
    registry: &Registry,
) -> Result<Arc<dyn Transport>, Error> {
    Ok(Arc::new(crate::transport::HyperTransport::with_registry(config, Arc::clone(timer), registry)?))
}

#[cfg(all(feature = "reqwest", not(feature = "hyper")))]
fn default_transport(config: &PoolConfig, _: &SharedTimer, _: &Registry) -> Result<Arc<dyn Transport>, Error> {
    Ok(Arc::new(crate::transport::ReqwestTransport::new(config)?))
}

#[cfg(not(any(feature = "hyper", feature = "reqwest")))]
fn default_transport(_: &PoolConfig, _: &SharedTimer, _: &Registry) -> Result<Arc<dyn Transport>, Error> {
    Err(Error::new(ErrorKind::Config, "no transport: give one, or turn on the feature `hyper`"))
}

/// A registry with room for the series of so many hosts.
fn registry(hosts: usize) -> Registry {
    Registry::builder().max_series(hosts.saturating_mul(SERIES_PER_HOST).saturating_add(4096)).build()
}

/// Series of one kind that a host may have: counters mostly, among them one for each status.
const SERIES_PER_HOST: usize = 32;

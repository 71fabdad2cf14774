//! What is kept for each host: its configuration, limits, breaker and figures. Bounded in number.

mod figures;
mod name;
mod rules;
mod table;
mod watch;

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use http::{HeaderMap, Method};
use steadfast_breaker::Rule;
use steadfast_clock::Nanos;
use steadfast_ratelimit::{Concurrency, Limiter, RateLimiter};
use steadfast_telemetry::Registry;
use url::Url;

pub(crate) use self::figures::{
    COALESCED, DIAL, DNS, FIRST_BYTE, Figures, HEDGES, HEDGES_WON, HOST, METRICS, NEW, REUSED, REVALIDATED, STALE, TLS,
    key,
};
pub(crate) use self::name::{of as name_of, plain};
pub(crate) use self::watch::{Bridge, HostBreaker};

use self::figures::AllFigures;
use self::name::Pattern;
use self::rules::Rules;
use self::table::{Entry, Table};
use self::watch::Scoped;
use crate::config::HostConfig;
use crate::error::{Error, ErrorKind};
use crate::event::Observer;
use crate::request::Request;

/// What every host reports to.
pub(crate) struct Shared {
    pub(crate) registry: Registry,
    /// `None` where nothing is counted.
    figures: Option<AllFigures>,
    pub(crate) observer: Arc<dyn Observer>,
}

impl Shared {
    /// Counts into `registry`, unless no host shall have figures: then nothing is counted.
    pub(crate) fn new(registry: Registry, observer: Arc<dyn Observer>, max_figures: Option<usize>) -> Self {
        let figures = max_figures.map(|max| AllFigures::new(registry.clone(), max));
        Self { registry, figures, observer }
    }

    pub(crate) fn total(&self) -> Option<&Figures> {
        self.figures.as_ref().map(|figures| &*figures.total)
    }
}

/// One host. A configuration of another makes another host of it, which shares what did not change.
pub(crate) struct Host {
    pub(crate) name: Arc<str>,
    pub(crate) config: Arc<HostConfig>,
    pub(crate) limiter: Option<Arc<RateLimiter>>,
    pub(crate) places: Option<Arc<Concurrency>>,
    pub(crate) figures: Option<Arc<Figures>>,
    breaker: OnceLock<Option<Arc<HostBreaker>>>,
    standing: Standing,
    used: AtomicU64,
}

/// How long a host is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It is named in the configuration: always.
    Named,
    /// Until there is no room.
    Known,
    /// Only for one call.
    Passing,
}

impl Host {
    fn new(name: Arc<str>, config: Arc<HostConfig>, standing: Standing, figures: Option<Arc<Figures>>) -> Self {
        Self {
            limiter: config.quota.map(|quota| Arc::new(RateLimiter::new(quota))),
            places: config.concurrency.map(|limit| Arc::new(Concurrency::new(limit))),
            breaker: OnceLock::new(),
            used: AtomicU64::new(0),
            name,
            config,
            figures,
            standing,
        }
    }

    /// The request's headers, and the host's defaults where the request has none.
    pub(crate) fn headers(&self, request: &Request) -> HeaderMap {
        let mut headers = request.headers.clone();
        for (name, value) in &self.config.default_headers {
            if !headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
        headers
    }

    /// The same host with another configuration. Limits that changed are changed where they are: what was taken stays
    /// taken. A breaker with another rule begins anew.
    fn configured(&self, config: Arc<HostConfig>, standing: Standing, now: Nanos) -> Self {
        let limiter = config.quota.map(|quota| match &self.limiter {
            Some(limiter) => {
                if self.config.quota != Some(quota) {
                    limiter.set_quota(quota, now);
                }
                Arc::clone(limiter)
            }
            None => Arc::new(RateLimiter::new(quota)),
        });
        let places = config.concurrency.map(|limit| match &self.places {
            Some(places) => {
                places.set_limit(limit);
                Arc::clone(places)
            }
            None => Arc::new(Concurrency::new(limit)),
        });
        let breaker = if config.breaker == self.config.breaker { self.breaker.clone() } else { OnceLock::new() };
        let used = AtomicU64::new(self.used());
        Self {
            name: Arc::clone(&self.name),
            config,
            limiter,
            places,
            figures: self.figures.clone(),
            breaker,
            standing,
            used,
        }
    }
}

impl Entry for Host {
    fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    fn is_at_rest(&self, now: Nanos) -> bool {
        let full = |limiter: &Arc<RateLimiter>| limiter.peek(limiter.quota().burst_size(), now).is_allowed();
        let idle = |breaker: &Arc<HostBreaker>| Arc::strong_count(breaker) == 1 && breaker.is_idle(now);
        self.standing != Standing::Named
            && self.limiter.as_ref().is_none_or(full)
            && self.places.as_ref().is_none_or(|places| places.in_flight() == 0)
            && self.breaker.get().and_then(Option::as_ref).is_none_or(idle)
    }
}

/// All hosts.
pub(crate) struct Hosts {
    shared: Arc<Shared>,
    rule: Option<Rule>,
    /// Held while hosts are made and while rules change, so that no host is made by a rule of before.
    rules: RwLock<Rules>,
    /// What hosts have that nothing was said of.
    unsaid: Arc<HostConfig>,
    hosts: Table<Host>,
    scopes: Table<Scoped>,
}

impl Hosts {
    pub(crate) fn new(shared: Arc<Shared>, rule: Option<Rule>, max: NonZeroU32) -> Self {
        let max = max.get() as usize;
        let (rules, unsaid) = (RwLock::default(), Arc::default());
        Self { shared, rule, rules, unsaid, hosts: Table::new(max), scopes: Table::new(max) }
    }

    pub(crate) fn configure(&self, host: &str, config: HostConfig, now: Nanos) -> Result<(), Error> {
        let pattern = Pattern::parse(host)?;
        if let Some(rule) = config.breaker {
            check_rule(rule)?;
        }
        if let Some(base) = &config.base_url {
            check_base(&pattern, base)?;
        }
        let mut rules = self.rules_to_change();
        rules.set(pattern, config);
        self.apply(&rules, now);
        Ok(())
    }

    pub(crate) fn unconfigure(&self, host: &str, now: Nanos) {
        let Ok(pattern) = Pattern::parse(host) else { return };
        let mut rules = self.rules_to_change();
        rules.remove(&pattern);
        self.apply(&rules, now);
    }

    /// What was set for this name or domain.
    pub(crate) fn config(&self, host: &str) -> Option<HostConfig> {
        let pattern = Pattern::parse(host).ok()?;
        self.rules_to_read().set_for(&pattern).map(|config| HostConfig::clone(config))
    }

    /// Has every host its present configuration.
    fn apply(&self, rules: &Rules, now: Nanos) {
        self.hosts.replace(|host| {
            let (config, standing) = self.said(rules, &host.name);
            let changed = !Arc::ptr_eq(config, &host.config) || standing != host.standing;
            changed.then(|| host.configured(Arc::clone(config), standing, now))
        });
    }

    /// The host that `url` goes to; `transient` ones are not remembered.
    pub(crate) fn host(&self, url: &Url, transient: bool, now: Nanos) -> Arc<Host> {
        let name = name::of(url);
        let host = self.hosts.get(&name).unwrap_or_else(|| self.make(&name, transient, now));
        host.used.store(now.as_nanos(), Ordering::Relaxed);
        host
    }

    #[cold]
    fn make(&self, name: &str, transient: bool, now: Nanos) -> Arc<Host> {
        let rules = self.rules_to_read();
        let (config, standing) = self.said(&rules, name);
        let name: Arc<str> = Arc::from(name);
        let host = |standing| {
            let own = self.shared.figures.as_ref().map(|figures| figures.host(&name, standing != Standing::Passing));
            Arc::new(Host::new(Arc::clone(&name), Arc::clone(config), standing, own))
        };
        if transient && Arc::ptr_eq(config, &self.unsaid) {
            return host(Standing::Passing);
        }
        let kept = self.hosts.put(&name, || host(standing), standing == Standing::Named, now);
        kept.unwrap_or_else(|| host(Standing::Passing))
    }

    /// The configuration of a host, and its standing.
    fn said<'a>(&'a self, rules: &'a Rules, name: &str) -> (&'a Arc<HostConfig>, Standing) {
        match rules.of(name) {
            Some((config, true)) => (config, Standing::Named),
            Some((config, false)) => (config, Standing::Known),
            None => (&self.unsaid, Standing::Known),
        }
    }

    /// What the requests of a host's client begin with.
    pub(crate) fn base(&self, host: &str) -> Result<Url, Error> {
        let pattern = Pattern::parse(host)?;
        let Pattern::Exact(name) = pattern else {
            return Err(Error::new(ErrorKind::Config, format!("`{host}` is a domain: give one host")));
        };
        let set = self.rules_to_read().of(&name).and_then(|(config, _)| config.base_url.clone());
        let base = set.map_or_else(|| Url::parse(&format!("https://{name}")), Ok);
        base.map_err(|error| Error::new(ErrorKind::Config, "no base URL can be made of the host").caused_by(error))
    }

    /// The breaker of a host, or of the scope that a request names.
    pub(crate) fn breaker(&self, scope: Option<&Arc<str>>, host: &Host, now: Nanos) -> Option<Arc<HostBreaker>> {
        let rule = host.config.breaker.or(self.rule);
        let scope = scope.unwrap_or(&host.name);
        if host.standing != Standing::Passing && *scope == host.name {
            return host.breaker.get_or_init(|| watch::breaker(rule, scope, host, &self.shared)).clone();
        }
        // One with another rule is from before its host was configured anew.
        let there = self.scopes.get(scope);
        if let Some(there) = there.as_ref().filter(|there| Some(there.breaker.rule()) == rule) {
            there.touch(now);
            return Some(Arc::clone(&there.breaker));
        }
        let breaker = watch::breaker(rule, scope, host, &self.shared)?;
        let scoped = || Arc::new(Scoped::new(Arc::clone(&breaker), now));
        if there.is_some() {
            self.scopes.set(scope, scoped());
            return Some(breaker);
        }
        match self.scopes.put(scope, scoped, false, now) {
            Some(there) => Some(Arc::clone(&there.breaker)),
            None => Some(breaker),
        }
    }

    /// Forgets the breaker of a scope that is visited once, if it has nothing to remember.
    pub(crate) fn forget(&self, scope: &str, now: Nanos) {
        self.scopes.forget(scope, now);
    }

    fn rules_to_read(&self) -> RwLockReadGuard<'_, Rules> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn rules_to_change(&self) -> RwLockWriteGuard<'_, Rules> {
        self.rules.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a breaker can be made by `rule`.
pub(crate) fn check_rule(rule: Rule) -> Result<(), Error> {
    rule.check().map_err(|error| Error::new(ErrorKind::Config, "the breaker's rule is contradictory").caused_by(error))
}

/// Whether requests below `base` go to the host that it is configured for.
fn check_base(pattern: &Pattern, base: &Url) -> Result<(), Error> {
    let wrong = |message| Error::new(ErrorKind::Config, message);
    Request::to(Method::GET, base.clone()).map_err(|error| wrong("the base URL cannot be one").caused_by(error))?;
    let dialled = name::of(base);
    match pattern {
        Pattern::Exact(name) if **name == *dialled || name == name::parts(&dialled).0 => Ok(()),
        Pattern::Exact(_) => Err(wrong("the base URL is of another host")),
        Pattern::Suffix(_) => Err(wrong("a base URL is of one host, not of a domain")),
    }
}

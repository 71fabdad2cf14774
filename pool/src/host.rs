//! What is kept for each host: its configuration, limiter, breakers and figures. Bounded in number.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use steadfast_breaker::{CircuitBreaker, Rule, State, Transition};
use steadfast_clock::Nanos;
use steadfast_ratelimit::RateLimiter;
use steadfast_telemetry::{Calls, Registry};

use crate::config::HostConfig;
use crate::event::{Event, Observer};

pub(crate) type HostBreaker = CircuitBreaker<Bridge>;

/// What the names of the pool's series begin with.
pub(crate) const METRICS: &str = "pool";

/// What the hosts without figures of their own are called together, as in a registry that has no room.
const OTHERS: &str = "other";

/// What every host reports to.
pub(crate) struct Shared {
    pub(crate) registry: Registry,
    pub(crate) total: Calls,
    /// The hosts that are not remembered, together.
    others: OnceLock<Calls>,
    pub(crate) observer: Arc<dyn Observer>,
}

impl Shared {
    pub(crate) fn new(registry: Registry, observer: Arc<dyn Observer>) -> Self {
        let total = Calls::new(registry.clone(), METRICS);
        Self { registry, total, others: OnceLock::new(), observer }
    }

    /// The instruments of a host.
    fn calls(&self, authority: &str, remember: bool) -> Calls {
        if remember { self.total.host(authority) } else { self.others.get_or_init(|| self.total.host(OTHERS)).clone() }
    }
}

/// One host.
pub(crate) struct Host {
    pub(crate) config: HostConfig,
    pub(crate) limiter: Option<RateLimiter>,
    pub(crate) calls: Calls,
}

/// Tells the transitions of one breaker to the pool's observer and counters.
pub(crate) struct Bridge {
    scope: Arc<str>,
    /// Those of the host that it was made for.
    calls: Calls,
    shared: Arc<Shared>,
}

impl steadfast_breaker::Observer for Bridge {
    fn on(&self, transition: &Transition) {
        if transition.to == State::Open {
            self.shared.total.breaker_opened();
            self.calls.breaker_opened();
        }
        tracing::debug!(scope = &*self.scope, from = ?transition.from, to = ?transition.to, "breaker");
        self.shared.observer.on(&Event::Breaker { scope: &self.scope, transition });
    }
}

/// All hosts.
pub(crate) struct Hosts {
    shared: Arc<Shared>,
    rule: Option<Rule>,
    max: usize,
    configs: Mutex<HashMap<String, HostConfig>>,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
    breakers: Mutex<HashMap<Arc<str>, Arc<HostBreaker>>>,
}

impl Hosts {
    pub(crate) fn new(shared: Arc<Shared>, rule: Option<Rule>, max: NonZeroU32) -> Self {
        Self {
            shared,
            rule,
            max: max.get() as usize,
            configs: Mutex::default(),
            hosts: Mutex::default(),
            breakers: Mutex::default(),
        }
    }

    pub(crate) fn configure(&self, host: &str, config: HostConfig) {
        let host = host.to_ascii_lowercase();
        // Forgotten with and without a port; it comes back with its new settings when it is called.
        lock(&self.hosts).retain(|authority, _| *authority != host && name(authority) != host);
        lock(&self.configs).insert(host, config);
    }

    /// The host that is dialled as `authority`; `transient` ones are not remembered.
    pub(crate) fn host(&self, authority: &str, transient: bool) -> Arc<Host> {
        let mut hosts = lock(&self.hosts);
        if let Some(host) = hosts.get(authority) {
            return Arc::clone(host);
        }
        let config = self.config(authority);
        let remember = config.is_some() || (!transient && hosts.len() < self.max);
        let config = config.unwrap_or_default();
        let limiter = config.quota.map(RateLimiter::new);
        let calls = self.shared.calls(authority, remember);
        let host = Arc::new(Host { config, limiter, calls });
        if remember {
            hosts.insert(authority.to_owned(), Arc::clone(&host));
        }
        host
    }

    /// The breaker of `scope`, made when it is not there yet.
    pub(crate) fn breaker(&self, scope: &Arc<str>, host: &Host, now: Nanos) -> Option<Arc<HostBreaker>> {
        let rule = host.config.breaker.or(self.rule)?;
        let mut breakers = lock(&self.breakers);
        // One with another rule is from before its host was configured anew.
        if let Some(breaker) = breakers.get(scope).filter(|breaker| breaker.rule() == rule) {
            return Some(Arc::clone(breaker));
        }
        if breakers.len() >= self.max {
            breakers.retain(|_, breaker| Arc::strong_count(breaker) > 1 || !breaker.is_idle(now));
        }
        let (calls, shared) = (host.calls.clone(), Arc::clone(&self.shared));
        let bridge = Bridge { scope: Arc::clone(scope), calls, shared };
        // The rule was checked when it was configured.
        let breaker = Arc::new(CircuitBreaker::with_observer(rule, bridge).ok()?);
        if breakers.len() < self.max || breakers.contains_key(scope) {
            breakers.insert(Arc::clone(scope), Arc::clone(&breaker));
        }
        Some(breaker)
    }

    /// Forgets the breaker of a scope that is visited once, if it has nothing to remember.
    pub(crate) fn forget(&self, scope: &str, now: Nanos) {
        let mut breakers = lock(&self.breakers);
        if breakers.get(scope).is_some_and(|breaker| Arc::strong_count(breaker) == 1 && breaker.is_idle(now)) {
            breakers.remove(scope);
        }
    }

    fn config(&self, authority: &str) -> Option<HostConfig> {
        let configs = lock(&self.configs);
        configs.get(authority).or_else(|| configs.get(name(authority))).cloned()
    }
}

/// The host without its port.
fn name(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => authority,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

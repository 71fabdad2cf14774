//! The breakers: one of each host, and those of the scopes that requests name.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use steadfast_breaker::{CircuitBreaker, Rule, State, Transition};
use steadfast_clock::Nanos;

use super::figures::Figures;
use super::table::Entry;
use super::{Host, Shared};
use crate::event::Event;

pub(crate) type HostBreaker = CircuitBreaker<Bridge>;

/// Tells the transitions of one breaker to the pool's observer and counters.
pub(crate) struct Bridge {
    scope: Arc<str>,
    /// Those of the host that it was made for.
    figures: Option<Arc<Figures>>,
    shared: Arc<Shared>,
}

impl steadfast_breaker::Observer for Bridge {
    fn on(&self, transition: &Transition) {
        if transition.to == State::Open {
            self.shared.total().into_iter().chain(self.figures.as_deref()).for_each(|of| of.calls.breaker_opened());
        }
        tracing::debug!(scope = &*self.scope, from = ?transition.from, to = ?transition.to, "breaker");
        self.shared.observer.on(&Event::Breaker { scope: &self.scope, transition });
    }
}

/// The breaker of a scope that is no host.
pub(super) struct Scoped {
    pub(super) breaker: Arc<HostBreaker>,
    used: AtomicU64,
}

impl Scoped {
    pub(super) fn new(breaker: Arc<HostBreaker>, now: Nanos) -> Self {
        Self { breaker, used: AtomicU64::new(now.as_nanos()) }
    }

    pub(super) fn touch(&self, now: Nanos) {
        self.used.store(now.as_nanos(), Ordering::Relaxed);
    }
}

impl Entry for Scoped {
    fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    fn is_at_rest(&self, now: Nanos) -> bool {
        Arc::strong_count(&self.breaker) == 1 && self.breaker.is_idle(now)
    }
}

/// A closed breaker; `None` where there is to be none.
pub(super) fn breaker(
    rule: Option<Rule>,
    scope: &Arc<str>,
    host: &Host,
    shared: &Arc<Shared>,
) -> Option<Arc<HostBreaker>> {
    let bridge = Bridge { scope: Arc::clone(scope), figures: host.figures.clone(), shared: Arc::clone(shared) };
    // The rule was checked when it was configured.
    CircuitBreaker::with_observer(rule?, bridge).ok().map(Arc::new)
}

//! Puts a caching provider together.

use std::fmt;
use std::sync::Arc;

use steadfast_cache::{Cache, CacheError, Lifetime, Normalise, ReadThrough, Rule, SimilarIndex};
use steadfast_clock::{Clock, SharedTimer, System, Wall};
use steadfast_telemetry::Registry;

use super::stats::{Counts, bump};
use super::{Cached, Inner};
use crate::metered::Meter;
use crate::{Prices, Provider};

/// Puts a [`Cached`] together.
#[must_use]
pub struct CachedBuilder {
    provider: Arc<dyn Provider>,
    cache: Arc<dyn Cache>,
    rule: Rule,
    similar: Option<SimilarIndex>,
    normalise: Normalise,
    scope: Option<String>,
    lifetime: Option<Lifetime>,
    max_bytes: u64,
    clock: Arc<dyn Time>,
    timer: Option<SharedTimer>,
    meter: Option<Meter>,
    prices: Option<Prices>,
    tell: Arc<dyn Fn(&CacheError) + Send + Sync>,
}

/// A clock with a calendar.
pub(super) trait Time: Clock + Wall + Send + Sync {}
impl<T: Clock + Wall + Send + Sync> Time for T {}

const MAX_BYTES: u64 = 4 * 1024 * 1024;

impl CachedBuilder {
    pub(super) fn new(provider: Arc<dyn Provider>, cache: Arc<dyn Cache>) -> Self {
        Self {
            provider,
            cache,
            rule: Rule::default(),
            similar: None,
            normalise: Normalise::none(),
            scope: None,
            lifetime: None,
            max_bytes: MAX_BYTES,
            clock: Arc::new(System::new()),
            timer: None,
            meter: None,
            prices: None,
            tell: Arc::new(|_| {}),
        }
    }

    /// Which answers may be kept and given again; the default is [`Rule::deterministic`]: those to calls with a
    /// temperature of 0.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }

    /// Which differences between calls do not count; by default all of them do.
    pub fn normalise(mut self, normalise: Normalise) -> Self {
        self.normalise = normalise;
        self
    }

    /// Leave to answer a question with the answer to a similar one: of nearly the same words, everything else of the call
    /// being the same. The reply says so ([`HitKind::Similar`](crate::HitKind::Similar)). Without an index, the default,
    /// there is none.
    ///
    /// Words that are nearly the same may mean the opposite: "when may I" and "when may I not". The index knows the
    /// questions that were asked through this value and its clones since it was made.
    pub fn similar(mut self, index: SimilarIndex) -> Self {
        self.similar = Some(index);
        self
    }

    /// Who may share answers: those of one scope never reach another. A provider that does not tell its
    /// [`identity`](Provider::identity) is cached only with a scope, which then has to say what its answers depend on.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// How long answers are good for; by default as long as the cache keeps them.
    ///
    /// A stale answer is given to a plain call while a new one is asked for; a streamed call asks itself.
    pub fn lifetime(mut self, lifetime: Lifetime) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// The most bytes that a kept answer may have, 4 MiB unless told otherwise. A longer one is given and not kept.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Ages are measured by this clock in place of the system's.
    pub fn clock(mut self, clock: impl Clock + Wall + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The timer of the pool. With it, calls that have a deadline share their answers too: each waits until its own.
    pub fn timer(mut self, timer: SharedTimer) -> Self {
        self.timer = Some(timer);
        self
    }

    /// Counts hits, misses, tokens and money saved into `registry`, in total and for each model that is asked for, in the series of
    /// [`Metered`](crate::Metered), besides this value's own [`stats`](Cached::stats). An answer that is shared with a call at the same time is a hit.
    pub fn registry(mut self, registry: &Registry) -> Self {
        self.meter = Some(Meter::new(registry));
        self
    }

    /// What the tokens would cost that are saved: by the name of the provider and of the model that gave the answer. The
    /// default are the [built-in prices](Prices::builtin).
    pub fn prices(mut self, prices: Prices) -> Self {
        self.prices = Some(prices);
        self
    }

    /// Calls `tell` at each failure of the cache, in the middle of the call that met it: it must not block.
    pub fn on_cache_error(mut self, tell: impl Fn(&CacheError) + Send + Sync + 'static) -> Self {
        self.tell = Arc::new(tell);
        self
    }

    /// The provider, with nothing under way.
    #[must_use]
    pub fn build(self) -> Cached {
        let counts = Arc::new(Counts { meter: self.meter, ..Counts::default() });
        let tell: Arc<dyn Fn(&CacheError) + Send + Sync> = {
            let (counts, tell) = (Arc::clone(&counts), self.tell);
            Arc::new(move |error| {
                bump(&counts.cache_errors);
                tracing::debug!(%error, "the cache failed");
                tell(error);
            })
        };
        let told = Arc::clone(&tell);
        let reader =
            ReadThrough::builder(self.cache).clock(Arc::clone(&self.clock)).on_cache_error(move |error| told(error));
        Cached(Arc::new(Inner {
            provider: self.provider,
            reader: reader.build(),
            rule: self.rule,
            similar: self.similar,
            normalise: self.normalise,
            scope: self.scope,
            lifetime: self.lifetime,
            max_bytes: self.max_bytes,
            prices: self.prices.unwrap_or_else(|| Prices::builtin().clone()),
            clock: self.clock,
            timer: self.timer,
            tell,
            counts,
        }))
    }
}

impl fmt::Debug for CachedBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedBuilder")
            .field("provider", &self.provider.name())
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

//! One of those that a router may ask, and what the router has to know about it.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use crate::{Prices, Provider, Usage};

/// One of those that a router may ask: a provider, and what the router has to know about it. A provider is a target by
/// itself, with nothing special about it.
///
/// ```
/// use steadfast_providers::{Client, Router, Strategy, Target, pool::Pool};
///
/// let pool = Pool::new()?;
/// let client = |model: &str| Client::openai(pool.clone()).base_url("http://localhost:8000/v1").model(model).build();
/// let router = Router::builder()
///     .strategy(Strategy::Cheapest)
///     .target(Target::new(client("small")?).price(0.4).context(32_000))
///     .target(Target::new(client("large")?).price(2.5).context(1_000_000))
///     .build()?;
/// assert_eq!(router.targets().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Target {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) group: Option<Arc<str>>,
    pub(super) tags: BTreeSet<Arc<str>>,
    pub(super) weight: u32,
    pub(super) price: Option<f64>,
    pub(super) context: Option<u64>,
    pub(super) places: Option<NonZeroU32>,
    pub(super) continues: Option<bool>,
}

impl Target {
    /// This provider, with a weight of 1.
    pub fn new(provider: impl Provider + 'static) -> Self {
        Self {
            provider: Arc::new(provider),
            group: None,
            tags: BTreeSet::new(),
            weight: 1,
            price: None,
            context: None,
            places: None,
            continues: None,
        }
    }

    /// Puts the target into a group: several keys of one provider. What fails for the key's sake goes to another key of
    /// the group first, what fails for the provider's sake to another group first. A model that a call names is asked for
    /// at all targets of the first one's group.
    pub fn group(mut self, name: impl Into<Arc<str>>) -> Self {
        self.group = Some(name.into());
        self
    }

    /// Marks the target for [`Router::tagged`](crate::Router::tagged). May be called several times.
    pub fn tag(mut self, tag: impl Into<Arc<str>>) -> Self {
        self.tags.insert(tag.into());
        self
    }

    /// Sets how often the target is drawn by [`Strategy::Weighted`](crate::Strategy::Weighted), compared with the others;
    /// 0 is never, as long as another one has a weight.
    pub fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// Sets what a million tokens cost in dollars, for [`Strategy::Cheapest`](crate::Strategy::Cheapest) and
    /// [`Hedging::money_per_hour`](crate::Hedging::money_per_hour): reading and writing mixed as your calls mix them.
    /// Without this it is three tokens read for one that is written, at the [known price](crate::Prices::builtin) of the
    /// provider's model, where there is one.
    pub fn price(mut self, per_million_tokens: f64) -> Self {
        self.price = Some(per_million_tokens);
        self
    }

    /// Sets how many tokens the model reads, for calls that were [too large](crate::Rule::Larger) elsewhere.
    pub fn context(mut self, tokens: u64) -> Self {
        self.context = Some(tokens);
        self
    }

    /// Sets how many calls may be under way here at a time. What comes on top goes to the other targets; where none is
    /// left, the call fails with [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited).
    pub fn max_in_flight(mut self, calls: NonZeroU32) -> Self {
        self.places = Some(calls);
        self
    }

    /// Says whether the model goes on with an answer that another one began, whatever
    /// [`Capabilities::continues`](crate::Capabilities::continues) says.
    pub fn continues(mut self, continues: bool) -> Self {
        self.continues = Some(continues);
        self
    }

    /// What a million tokens cost, as far as that is known.
    pub(super) fn known_price(&self) -> Option<f64> {
        let mixed = Usage::new(750_000, 0, 0, 250_000, 0);
        let known = || Prices::builtin().of(self.provider.name(), self.provider.model());
        self.price.or_else(|| known().map(|price| price.cost(&mixed, false).as_f64()))
    }
}

impl<P: Provider + 'static> From<P> for Target {
    fn from(provider: P) -> Self {
        Self::new(provider)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("name", &self.provider.name())
            .field("model", &self.provider.model())
            .field("group", &self.group)
            .field("weight", &self.weight)
            .field("price", &self.price)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

//! Puts a [`Router`] together.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use steadfast_backoff::{Entropy, HedgeQuantile, Latency};
use steadfast_clock::{SharedTimer, TokioTimer, shared};

use super::hedging::Hedges;
use super::settings::{Core, Decide, Hook, Settings};
use super::spot::Spot;
use super::{Hedging, Router, Rule, Strategy, Switch, Target};
use crate::{Error, ErrorKind};

/// Puts a [`Router`] together.
#[must_use]
pub struct RouterBuilder {
    name: Arc<str>,
    targets: Vec<Target>,
    strategy: Strategy,
    rules: HashMap<ErrorKind, Rule>,
    decide: Option<Decide>,
    observer: Option<Hook>,
    hedging: Option<Hedging>,
    continues: bool,
    parking: Duration,
    timer: Option<SharedTimer>,
    seed: Option<u64>,
}

const PARKING: Duration = Duration::from_secs(60 * 60);

impl RouterBuilder {
    pub(super) fn new() -> Self {
        Self {
            name: Arc::from("router"),
            targets: Vec::new(),
            strategy: Strategy::default(),
            rules: HashMap::new(),
            decide: None,
            observer: None,
            hedging: None,
            continues: false,
            parking: PARKING,
            timer: None,
            seed: None,
        }
    }

    /// Adds a target after those that are there: a provider, or a [`Target`] that says more about it.
    pub fn target(mut self, target: impl Into<Target>) -> Self {
        self.targets.push(target.into());
        self
    }

    /// Sets who is asked first; the default is [`Strategy::Ordered`].
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Sets what follows failures of this kind, in place of [`Rule::of`].
    pub fn rule(mut self, kind: ErrorKind, rule: Rule) -> Self {
        self.rules.insert(kind, rule);
        self
    }

    /// Has `decide` say what follows a failure; where it says nothing, the rules do.
    pub fn decide(mut self, decide: impl Fn(&Error) -> Option<Rule> + Send + Sync + 'static) -> Self {
        self.decide = Some(Arc::new(decide));
        self
    }

    /// Calls `observer` whenever a call moves on.
    pub fn on_switch(mut self, observer: impl Fn(&Switch<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Asks a second target beside one that takes too long. Without this none is.
    pub fn hedging(mut self, hedging: Hedging) -> Self {
        self.hedging = Some(hedging);
        self
    }

    /// Whether a stream that breaks off after some text is gone on with by another target, if there is one that
    /// [can](Target::continues). It is shown the text as the model's own words, and an [`Event::Seam`](crate::Event::Seam)
    /// tells where it begins. Without this the stream ends in an error with the text so far.
    ///
    /// Only text is gone on with: never calls of tools, thoughts, refusals, or an answer in a
    /// [form](crate::Call::format). White space around the seam is told once. The usage that follows is that of both.
    pub fn continue_streams(mut self, continues: bool) -> Self {
        self.continues = continues;
        self
    }

    /// Sets how long a target is [parked](crate::Parked) that has no money left, or whose key is refused, when it does
    /// not say. The default is an hour; nothing is parked for longer than a day.
    pub fn parking(mut self, parking: Duration) -> Self {
        self.parking = parking;
        self
    }

    /// Sets the timer that waits, hedges and parking go by: that of the pool ([`Pool::timer`](crate::pool::Pool::timer)),
    /// if the pool has one of its own. The default is tokio's.
    pub fn timer(mut self, timer: SharedTimer) -> Self {
        self.timer = Some(timer);
        self
    }

    /// Has lots drawn from this seed, for tests and simulations.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets the router's own name; the default is `router`.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = name.into();
        self
    }

    /// The router.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when there is no target, a price is no amount, all weights of [`Strategy::Weighted`] are 0,
    /// or hedging is out of range.
    pub fn build(self) -> Result<Router, Error> {
        let name = self.name;
        let wrong = |what: &str, advice: &str| Error::new(ErrorKind::Config, Arc::clone(&name), what).advise(advice);
        if self.targets.is_empty() {
            return Err(wrong("no target", "add one"));
        }
        let is_amount = |price: f64| price.is_finite() && price >= 0.0;
        if !self.targets.iter().filter_map(|target| target.price).all(is_amount) {
            return Err(wrong("the price of a target is no amount", "give one of 0.0 or more"));
        }
        if self.strategy == Strategy::Weighted && self.targets.iter().all(|target| target.weight == 0) {
            return Err(wrong("all weights are 0", "give one target a weight"));
        }
        let hedges = self.hedging.map(|hedging| Hedges::new(hedging, &name)).transpose()?;
        let quantile = self.hedging.and_then(|hedging| hedging.quantile());
        let groups: Vec<_> = self.targets.iter().map(|target| target.group.clone()).collect();
        let group = |at: usize, target: &Target| match &target.group {
            // That of the first one with this name.
            Some(name) => groups.iter().position(|group| group.as_ref() == Some(name)).unwrap_or(at),
            None => at,
        };
        let numbered = self.targets.into_iter().enumerate();
        let spots = numbered.map(|(at, target)| {
            let group = group(at, &target);
            Arc::new(Spot::new(target, group, quantile.and_then(tails)))
        });
        let spots = spots.collect();
        let settings = Settings {
            name,
            strategy: self.strategy,
            rules: self.rules,
            decide: self.decide,
            observer: self.observer,
            hedges,
            continues: self.continues,
            parking: self.parking,
            timer: self.timer.unwrap_or_else(|| shared(TokioTimer::new())),
            seeded: self.seed.map(|seed| Mutex::new(Entropy::from_seed(seed))),
        };
        Ok(Router(Arc::new(Core { settings: Arc::new(settings), spots })))
    }
}

/// What is known of how long answers take, of plain calls and of streams. `Hedges` has seen to it that the quantile is
/// one.
fn tails(quantile: f64) -> Option<[HedgeQuantile; 2]> {
    let tail = || Arc::new(Latency::new()).at(quantile).ok();
    Some([tail()?, tail()?])
}

impl fmt::Debug for RouterBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouterBuilder")
            .field("name", &self.name)
            .field("strategy", &self.strategy)
            .field("targets", &self.targets)
            .field("hedging", &self.hedging)
            .finish_non_exhaustive()
    }
}

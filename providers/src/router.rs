//! Several providers behind one: who is asked, and who when that one fails or takes too long.

mod builder;
mod course;
mod health;
mod hedging;
mod journey;
mod leg;
mod others;
mod overheard;
mod prefix;
mod purse;
mod report;
mod rule;
mod settings;
mod speed;
mod spot;
mod strategy;
mod switch;
mod target;
mod travel;
mod trip;

use std::fmt;
use std::sync::Arc;

use steadfast_clock::Clock;

use crate::{
    BoxFuture, Call, Capabilities, EmbedCall, Embeddings, Error, ErrorKind, Identity, ModelInfo, Provider, Reply,
    ReplyStream,
};

pub use builder::RouterBuilder;
pub use hedging::Hedging;
pub(crate) use journey::Journey;
pub(crate) use leg::{Leg, SoFar};
pub(crate) use prefix::left_out;
pub use report::{Parked, TargetReport};
pub use rule::Rule;
pub use strategy::Strategy;
pub use switch::Switch;
pub use target::Target;
pub(crate) use trip::Trip;

use settings::Core;
use spot::Pace;

/// Several providers behind one. The [strategy](Strategy) says who is asked first; where that one fails in a way that has
/// nothing to do with the call itself, another one is asked: the others in their order, each at most once. Clones share
/// everything.
///
/// - A stream moves on until its first text, unnoticed; after it, a failure is an error, unless streams are
///   [continued](RouterBuilder::continue_streams).
/// - What follows a failure is a matter of [rules](Rule): a call that is too large goes to a model that reads more, and
///   one whose contents are refused goes nowhere.
/// - Targets that say that they are not worth asking are [parked](Parked): passed over, and asked last.
/// - Deadline, retry budget and ledger of a call are one for all.
///
/// ```
/// # use steadfast_providers::{Client, pool::Pool};
/// use steadfast_providers::{Router, Rule, ErrorKind, Strategy, Target};
///
/// # let pool = Pool::new()?;
/// # let client = |name: &str| Client::openai(pool.clone()).base_url("http://localhost:1/v1").model("m").name(name).build();
/// # let (first_key, second_key, reserve) = (client("a")?, client("a")?, client("b")?);
/// let llm = Router::builder()
///     .strategy(Strategy::Weighted)
///     .target(Target::new(first_key).group("openai").weight(2))
///     .target(Target::new(second_key).group("openai").weight(1))
///     .target(Target::new(reserve).weight(0))
///     .rule(ErrorKind::Timeout, Rule::Stop)
///     .on_switch(|switch| println!("{} -> {}: {}", switch.from, switch.to, switch.why))
///     .build()?;
/// # drop(llm);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Router(Arc<Core>);

impl Router {
    /// Starts to put one together.
    pub fn builder() -> RouterBuilder {
        RouterBuilder::new()
    }

    /// These in their order, the first that can answers.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when there is none.
    pub fn ordered<P: Provider + 'static>(providers: impl IntoIterator<Item = P>) -> Result<Self, Error> {
        providers.into_iter().fold(Self::builder(), RouterBuilder::target).build()
    }

    /// A router over those targets alone that have this [tag](Target::tag). It shares them: their places, their health and
    /// what is known of their speed, as well as the allowance for hedges.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when there is none.
    pub fn tagged(&self, tag: &str) -> Result<Self, Error> {
        let tagged = self.0.spots.iter().filter(|spot| spot.target.tags.contains(tag));
        let spots: Vec<_> = tagged.cloned().collect();
        if spots.is_empty() {
            let what = format!("no target has the tag {tag}");
            return Err(Error::new(ErrorKind::Config, Arc::clone(&self.0.settings.name), what));
        }
        Ok(Self(Arc::new(Core { settings: Arc::clone(&self.0.settings), spots })))
    }

    /// How the targets stand, in their order.
    #[must_use]
    pub fn targets(&self) -> Vec<TargetReport> {
        let now = self.0.settings.timer.now();
        self.0.spots.iter().map(|spot| spot.report(now)).collect()
    }

    /// Asks parked targets again, for those who know that they are well.
    pub fn unpark(&self) {
        self.0.spots.iter().for_each(|spot| spot.unpark());
    }

    /// Who is asked first, when nothing else counts.
    fn first(&self) -> Option<&dyn Provider> {
        self.0.spots.first().map(|spot| &*spot.target.provider)
    }
}

impl Provider for Router {
    fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// The model of the first target.
    fn model(&self) -> &str {
        self.first().map_or("", Provider::model)
    }

    /// All of its targets in order, if they all tell, and the strategy where that is not the order.
    fn identity(&self, call: &Call) -> Option<Identity> {
        let spots = &self.0.spots;
        let first = spots.first()?.group;
        let all = spots.iter().map(|spot| {
            let mut call = call.clone();
            call.model = call.model.filter(|_| spot.group == first);
            spot.target.provider.identity(&call)
        });
        let chain = all.reduce(|chain, next| Some(chain?.then(next?)))??;
        Some(match self.0.settings.strategy {
            Strategy::Ordered => chain,
            strategy => Identity::new(self.name(), strategy.as_str()).then(chain),
        })
    }

    /// What all of its targets can, and of endpoints those that one of them has.
    fn capabilities(&self) -> Capabilities {
        others::capabilities(&self.0.spots)
    }

    fn complete(&self, call: Call) -> BoxFuture<'static, Result<Reply, Error>> {
        let core = Arc::clone(&self.0);
        Box::pin(async move { travel::complete(Trip::new(core, call, Pace::Whole)).await })
    }

    fn stream(&self, call: Call) -> BoxFuture<'static, Result<ReplyStream, Error>> {
        let core = Arc::clone(&self.0);
        Box::pin(async move {
            let mut trip = Trip::new(core, call, Pace::FirstToken);
            let step = trip.begin()?;
            travel::stream(trip, step).await
        })
    }

    /// The first target that makes vectors; after it only other keys of the same group.
    fn embed(&self, call: EmbedCall) -> BoxFuture<'static, Result<Embeddings, Error>> {
        let core = Arc::clone(&self.0);
        Box::pin(async move {
            let ask = move |provider: &dyn Provider, _: bool| provider.embed(call.clone());
            let (mut embeddings, mut journey) = others::first_that_can(core, ask).await?;
            journey.attempts.append(&mut embeddings.attempts);
            embeddings.attempts = journey.attempts;
            Ok(embeddings)
        })
    }

    /// The first target that counts; after it only other keys of the same group.
    fn count_tokens(&self, call: Call) -> BoxFuture<'static, Result<u64, Error>> {
        let core = Arc::clone(&self.0);
        Box::pin(async move {
            let ask = move |provider: &dyn Provider, names_model: bool| {
                let mut call = call.clone();
                call.model = call.model.filter(|_| names_model);
                provider.count_tokens(call)
            };
            Ok(others::first_that_can(core, ask).await?.0)
        })
    }

    /// Those of the first target that lists any.
    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, Error>> {
        let core = Arc::clone(&self.0);
        Box::pin(async move { Ok(others::first_that_can(core, |provider, _| provider.models()).await?.0) })
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let targets: Vec<&str> = self.0.spots.iter().map(|spot| spot.target.provider.name()).collect();
        f.debug_struct("Router")
            .field("name", &self.0.settings.name)
            .field("strategy", &self.0.settings.strategy)
            .field("targets", &targets)
            .finish_non_exhaustive()
    }
}

//! A provider in front of which there is a cache: what was asked before is not asked again.

mod builder;
mod keeper;
mod plain;
mod question;
mod record;
mod stats;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use steadfast_cache::{
    Cache, CacheError, CacheKey, Entry, Freshness, Lifetime, Normalise, ReadThrough, Rule, Saving, SimilarIndex,
};
use steadfast_clock::SharedTimer;

use crate::provider::pass_on;
use crate::{BoxFuture, CacheHit, Call, Error, Event, HitKind, Identity, Prices, Provider, Reply, ReplyStream};

pub use builder::CachedBuilder;
pub use stats::CachedStats;

use builder::Time;
pub(crate) use keeper::Keeper;
use question::Question;
use stats::{Counts, bump};

/// A provider in front of which there is a cache. Clones share everything.
///
/// - A call is answered from the cache when the [rule](CachedBuilder::rule) gives leave and the very same was asked
///   before: the same [identity](Provider::identity) of the provider (model, address, account), system text, messages and
///   parameters. [`Reply::cached`] and [`ReplyStream::cached`] tell, and the ledger of attempts is empty; the usage is
///   what the answer took when it was asked for.
/// - Plain and streamed calls share answers. A streamed answer is given again in the pieces that it came in, without the
///   pauses.
/// - Kept are whole answers that ended by themselves or at their limit of tokens. A stream that broke off, or was
///   dropped before its end, leaves nothing behind.
/// - Plain calls that ask the same at the same time are one call, on a task of its own: it goes on until the last of them
///   has left, and its failure is told to all. It takes context and observer of the first. Calls with a deadline join
///   only where there is a [timer](CachedBuilder::timer).
/// - With an [index](CachedBuilder::similar), a question is answered with the answer to a similar one, and told so.
/// - A cache that fails is as good as an empty one.
///
/// Of questions nothing is kept but digests; answers are kept as they are.
///
/// ```
/// use std::sync::Arc;
/// use steadfast_providers::cache::MemoryCache;
/// use steadfast_providers::{Cached, Call, Client, Provider, pool::Pool};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// # let sim = steadfast_testkit::LlmSim::builder().start().await?;
/// # let url = sim.openai_url();
/// let gpt = Client::openai(Pool::new()?).base_url(url).model("gpt-5.4").build()?;
/// let llm = Cached::builder(gpt, Arc::new(MemoryCache::new(1 << 20)?)).build();
///
/// let call = Call::new("What keeps bees in the air?").temperature(0.0);
/// assert!(llm.complete(call.clone()).await?.cached.is_none());
/// let again = llm.complete(call).await?;
/// assert_eq!(again.cached.map(|hit| hit.tokens_saved), Some(again.usage.total()));
/// assert!(again.attempts.is_empty());
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Clone)]
pub struct Cached(Arc<Inner>);

struct Inner {
    provider: Arc<dyn Provider>,
    reader: ReadThrough<Arc<dyn Cache>, Error>,
    rule: Rule,
    similar: Option<SimilarIndex>,
    normalise: Normalise,
    scope: Option<String>,
    lifetime: Option<Lifetime>,
    max_bytes: u64,
    prices: Prices,
    clock: Arc<dyn Time>,
    timer: Option<SharedTimer>,
    tell: Arc<dyn Fn(&CacheError) + Send + Sync>,
    counts: Arc<Counts>,
}

impl Cached {
    /// Starts to put one together, of what answers and where answers are kept.
    pub fn builder(provider: impl Provider + 'static, cache: Arc<dyn Cache>) -> CachedBuilder {
        CachedBuilder::new(Arc::new(provider), cache)
    }

    /// What has happened so far.
    #[must_use]
    pub fn stats(&self) -> CachedStats {
        self.0.counts.read()
    }
}

impl Provider for Cached {
    fn name(&self) -> &str {
        self.0.provider.name()
    }

    fn model(&self) -> &str {
        self.0.provider.model()
    }

    fn identity(&self, call: &Call) -> Option<Identity> {
        self.0.provider.identity(call)
    }

    pass_on!(this => this.0.provider);

    fn complete(&self, call: Call) -> BoxFuture<'static, Result<Reply, Error>> {
        Box::pin(plain::complete(Arc::clone(&self.0), call))
    }

    fn stream(&self, call: Call) -> BoxFuture<'static, Result<ReplyStream, Error>> {
        let this = Arc::clone(&self.0);
        Box::pin(async move {
            let Some(question) = this.question(&call) else {
                bump(&this.counts.bypassed);
                return this.provider.stream(call).await;
            };
            if let Some((events, hit)) = this.find(&question).await {
                this.counts.hit(&hit, &question.model);
                return Ok(ReplyStream::from_events(events.into_iter().map(Ok)).answered_by(hit));
            }
            this.counts.missed(&question.model);
            let stream = this.provider.stream(call).await?;
            Ok(stream.kept_by(Keeper::new(this, question)))
        })
    }
}

impl Inner {
    /// An answer that is kept to this very question, or else to one that is similar enough.
    async fn find(&self, question: &Question) -> Option<(Vec<Event>, CacheHit)> {
        match self.look(&question.key).await {
            Some((entry, Freshness::Fresh)) => return self.read(&question.key, &entry, HitKind::Exact).await,
            // Rather an older answer to this question than one to another.
            Some(_) => return None,
            None => {}
        }
        let (index, likeness) = self.similar.as_ref().zip(question.likeness.as_ref())?;
        let near = index.nearest(likeness.partition, &likeness.tokens)?;
        match self.look(&near.key).await {
            Some((entry, Freshness::Fresh)) => {
                self.read(&near.key, &entry, HitKind::Similar { similarity: near.similarity }).await
            }
            Some(_) => None,
            None => {
                index.remove(&near.key);
                None
            }
        }
    }

    /// Files a question whose answer is kept, for similar ones.
    fn file(&self, question: &Question) {
        if let Some((index, likeness)) = self.similar.as_ref().zip(question.likeness.as_ref()) {
            index.insert(likeness.partition, &likeness.tokens, question.key);
        }
    }

    /// What is kept under this key, if it may be given at all. A failure of the cache is a miss.
    async fn look(&self, key: &CacheKey) -> Option<(Entry, Freshness)> {
        let entry = self.told(self.cache().get(key).await).flatten()?;
        let freshness = entry.freshness(self.clock.wall());
        (freshness != Freshness::Expired && !entry.is_negative()).then_some((entry, freshness))
    }

    /// What an entry holds. One that holds no answer is let go.
    async fn read(&self, key: &CacheKey, entry: &Entry, kind: HitKind) -> Option<(Vec<Event>, CacheHit)> {
        match self.told(record::events_in(entry.value().clone())) {
            Some(events) => {
                let hit = CacheHit::new(kind, entry.age(self.clock.wall()), record::tokens_of(&events));
                let hit = hit.worth(record::cost_of(&events, &self.prices));
                Some((events, hit))
            }
            None => {
                self.told(self.cache().remove(key).await);
                None
            }
        }
    }

    /// An answer as the cache keeps it.
    fn entry(&self, body: Bytes, tokens: u64) -> Entry {
        let entry = Entry::new(body, self.clock.wall()).with_saving(Saving::tokens(tokens));
        match self.lifetime {
            Some(lifetime) => entry.with_lifetime(lifetime),
            None => entry,
        }
    }

    fn cache(&self) -> &dyn Cache {
        &**self.reader.cache()
    }

    fn told<T>(&self, result: Result<T, CacheError>) -> Option<T> {
        result.inspect_err(|error| (self.tell)(error)).ok()
    }
}

impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached")
            .field("provider", &self.0.provider.name())
            .field("rule", &self.0.rule)
            .field("lifetime", &self.0.lifetime)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

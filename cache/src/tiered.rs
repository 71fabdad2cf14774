//! Two caches as one: a fast tier in front of a slow one.

mod stats;
mod writes;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{Cache, CacheError, CacheKey, Entry};
use stats::Sums;
use writes::Writes;

pub use stats::TieredStats;

/// A fast tier in front of a slow one, each any [`Cache`]; clones share the statistics.
///
/// A look-up asks the fast tier, then the slow one, and puts what the slow one had into the fast one. What is put or
/// removed is so in both. A tier that fails is told of and otherwise taken for one that has nothing: a look-up and a
/// `put` never fail. A `remove` does, since an answer that was to go could come back.
///
/// The slow tier decides: what is in the fast one when nobody is at work is what the slow one has, or what it failed to
/// take. Where writes of one key meet, or a write meets an entry on its way up, the fast tier lets go of it.
///
/// # Cancel safety
///
/// That holds for futures that were dropped as well if the fast tier's own do not wait, as those of
/// [`MemoryCache`](crate::MemoryCache); else one dropped inside the fast tier may leave there what was just replaced.
///
/// ```
/// use std::sync::Arc;
/// use steadfast_cache::{Cache, CacheKey, Entry, MemoryCache, Tiered};
/// use steadfast_clock::UnixNanos;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let shared: Arc<dyn Cache> = Arc::new(MemoryCache::new(1000)?); // or one that is elsewhere
/// let key = CacheKey::from_bytes([7; 32]);
/// shared.put(key, Entry::new("an answer", UnixNanos::EPOCH)).await?;
///
/// let cache = Tiered::new(MemoryCache::new(100)?, shared);
/// assert!(cache.get(&key).await?.is_some());
/// assert!(cache.get(&key).await?.is_some());
/// let stats = cache.stats();
/// assert_eq!((stats.slow_hits, stats.fast_hits), (1, 1));
/// # Ok(())
/// # }
/// ```
pub struct Tiered<A, B> {
    fast: A,
    slow: B,
    shared: Arc<Shared>,
    on_failure: Option<Arc<OnFailure>>,
}

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tier {
    /// The one that is asked first.
    Fast,
    /// The one behind it.
    Slow,
}

type OnFailure = dyn Fn(Tier, &CacheError) + Send + Sync;

struct Shared {
    sums: Sums,
    writes: Writes,
}

impl<A, B> Tiered<A, B> {
    /// `fast` in front of `slow`.
    pub fn new(fast: A, slow: B) -> Self {
        let shared = Arc::new(Shared { sums: Sums::default(), writes: Writes::new() });
        Self { fast, slow, shared, on_failure: None }
    }

    /// The same, telling `what` of each failure of a tier as it happens.
    #[must_use]
    pub fn on_failure(self, what: impl Fn(Tier, &CacheError) + Send + Sync + 'static) -> Self {
        Self { on_failure: Some(Arc::new(what)), ..self }
    }

    /// The tier that is asked first.
    pub const fn fast(&self) -> &A {
        &self.fast
    }

    /// The tier behind it.
    pub const fn slow(&self) -> &B {
        &self.slow
    }

    /// What happened so far.
    #[must_use]
    pub fn stats(&self) -> TieredStats {
        self.shared.sums.read()
    }

    /// The answer of a tier; `None` where it failed, which is counted and told.
    fn heard<T>(&self, tier: Tier, answer: Result<T, CacheError>) -> Option<T> {
        match answer {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.failed(tier, &error);
                None
            }
        }
    }

    fn failed(&self, tier: Tier, error: &CacheError) {
        self.shared.sums.failed(tier);
        if let Some(tell) = &self.on_failure {
            tell(tier, error);
        }
    }
}

#[async_trait]
impl<A: Cache, B: Cache> Cache for Tiered<A, B> {
    async fn get(&self, key: &CacheKey) -> Result<Option<Entry>, CacheError> {
        if let Some(entry) = self.heard(Tier::Fast, self.fast.get(key).await).flatten() {
            self.shared.sums.hit(Tier::Fast);
            return Ok(Some(entry));
        }
        let seen = self.shared.writes.seen(key);
        let Some(entry) = self.heard(Tier::Slow, self.slow.get(key).await).flatten() else {
            self.shared.sums.missed();
            return Ok(None);
        };
        self.shared.sums.hit(Tier::Slow);
        if seen.is_current() {
            let kept = self.heard(Tier::Fast, self.fast.put(*key, entry.clone()).await);
            if !seen.is_current() {
                // Somebody wrote meanwhile: theirs may be what was replaced. The slow tier has it.
                self.heard(Tier::Fast, self.fast.remove(key).await);
            } else if kept == Some(true) {
                self.shared.sums.promoted();
            }
        }
        Ok(Some(entry))
    }

    /// Keeps `entry` in both tiers; tells whether one of them kept it.
    ///
    /// Where the slow tier fails it may still have what was there before, until that has come to its own end.
    async fn put(&self, key: CacheKey, entry: Entry) -> Result<bool, CacheError> {
        let write = self.shared.writes.begin(&key);
        let slow = self.heard(Tier::Slow, self.slow.put(key, entry.clone()).await);
        let fast = self.heard(Tier::Fast, self.fast.put(key, entry).await);
        if !write.is_alone() {
            // The others may have come to the tiers in another order each. The slow tier decides.
            self.heard(Tier::Fast, self.fast.remove(&key).await);
        }
        Ok(slow.unwrap_or(false) || fast.unwrap_or(false))
    }

    /// Lets go of what is under `key` in both tiers; tells whether there was something.
    ///
    /// # Errors
    ///
    /// That of a tier that may still have it. The other one has let go all the same.
    async fn remove(&self, key: &CacheKey) -> Result<bool, CacheError> {
        let _write = self.shared.writes.begin(key);
        let slow = self.slow.remove(key).await.inspect_err(|error| self.failed(Tier::Slow, error));
        let fast = self.fast.remove(key).await.inspect_err(|error| self.failed(Tier::Fast, error));
        let (slow, fast) = (slow?, fast?);
        Ok(slow || fast)
    }
}

impl<A: Clone, B: Clone> Clone for Tiered<A, B> {
    fn clone(&self) -> Self {
        Self {
            fast: self.fast.clone(),
            slow: self.slow.clone(),
            shared: Arc::clone(&self.shared),
            on_failure: self.on_failure.clone(),
        }
    }
}

impl<A: fmt::Debug, B: fmt::Debug> fmt::Debug for Tiered<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tiered")
            .field("fast", &self.fast)
            .field("slow", &self.slow)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

//! The cache in front of the call: get, or fetch and keep.

mod builder;
mod core;
mod fetched;
mod refresh;
mod refreshes;
mod served;
mod stats;

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::{Cache, CacheKey, Entry, FlightError, Freshness};

use self::core::{Core, Look};

pub use builder::ReadThroughBuilder;
pub use fetched::Fetched;
pub use served::{How, Served};
pub use stats::ReadThroughStats;

/// The cache in front of the call: gives what is kept, and fetches and keeps what is not.
///
/// - A fresh answer is served from the cache.
/// - A stale one is served at once, and a new one is fetched on a task of its own: one at a time for a key, and no more
///   at once than [`max_refreshes`](ReadThroughBuilder::max_refreshes). A refresh that fails leaves the stale answer
///   there until it expires, and is not tried again before [`refresh_pause`](ReadThroughBuilder::refresh_pause). This is
///   the `stale-while-revalidate` of [RFC 5861](https://www.rfc-editor.org/rfc/rfc5861).
/// - What is not there is fetched, in one call for all who ask meanwhile: see [`SingleFlight`](crate::SingleFlight) for
///   what becomes of it when callers leave and when it panics. While refreshed it is the same flight that they join.
/// - A refusal is remembered when the call says so, for a lifetime of its own. A failure is not.
/// - A cache that fails is a miss. It never fails the call, and it is counted and told.
///
/// Lifetimes are those of the entries; an entry without one stays fresh for as long as the cache keeps it. How long a
/// caller waits is for the caller to say: a timeout around [`get_or_fetch`](Self::get_or_fetch) leaves the call to the
/// others. Clones share everything, and with the last one the refreshes end.
///
/// ```
/// use std::convert::Infallible;
/// use std::time::Duration;
/// use steadfast_cache::{CacheKey, Entry, Fetched, How, Lifetime, MemoryCache, ReadThrough};
/// use steadfast_clock::{ManualClock, Wall};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = ManualClock::new();
/// let cache = MemoryCache::builder().capacity(1000).clock(clock.clone()).build()?;
/// let reader = ReadThrough::<_, Infallible>::builder(cache).clock(clock.clone()).build();
/// let key = CacheKey::from_bytes([7; 32]); // a digest of the request
/// let lifetime = Lifetime::fresh_for(Duration::from_secs(60)).stale_for(Duration::from_secs(30));
/// let fetch = |answer: &'static str| {
///     let entry = Entry::new(answer, clock.wall()).with_lifetime(lifetime);
///     async move { Ok(Fetched::Keep(entry)) }
/// };
///
/// let asked = fetch("an answer");
/// let served = reader.get_or_fetch(key, move || asked).await?;
/// assert_eq!((served.how, served.entry.value().as_ref()), (How::Fetched, &b"an answer"[..]));
///
/// clock.advance(Duration::from_secs(75));
/// let asked = fetch("a newer answer");
/// let served = reader.get_or_fetch(key, move || asked).await?;
/// assert_eq!((served.how, served.age), (How::Stale, Duration::from_secs(75)));
///
/// # while reader.refreshing() > 0 { tokio::task::yield_now().await }
/// let asked = fetch("never asked for"); // once the refresh has ended:
/// let served = reader.get_or_fetch(key, move || asked).await?;
/// assert_eq!((served.how, served.entry.value().as_ref()), (How::Hit, &b"a newer answer"[..]));
/// # Ok(())
/// # }
/// ```
pub struct ReadThrough<T, E> {
    core: Arc<Core<T, E>>,
    /// Those who wait for refreshes. Flights share the core and not this, so that it goes with the last reader.
    waiting: Arc<Mutex<JoinSet<()>>>,
}

impl<T: Cache, E> ReadThrough<T, E> {
    /// The configuration of a reader through `cache`, all defaults.
    pub fn builder(cache: T) -> ReadThroughBuilder<T, E> {
        ReadThroughBuilder::new(cache)
    }
}

impl<T, E> ReadThrough<T, E>
where
    T: Cache + 'static,
    E: Send + Sync + 'static,
{
    /// A reader through `cache` by all defaults, on the system's clock.
    #[must_use]
    pub fn new(cache: T) -> Self {
        Self::builder(cache).build()
    }

    fn over(core: Core<T, E>) -> Self {
        Self { core: Arc::new(core), waiting: Arc::default() }
    }

    /// What is kept under `key`, or what `fetch` brings.
    ///
    /// `fetch` is called at most once, and on a task of its own; not at all where the cache or another's call has the
    /// answer. An entry that it brings is served even if it has expired already.
    ///
    /// # Errors
    ///
    /// [`FlightError`] when there was nothing to serve and the call failed, or was lost twice.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, when a call is to be made.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the call to those who still wait for it; it is cancelled when nobody does. What was
    /// being put into the cache then is there whole or not at all. A refresh goes on.
    pub async fn get_or_fetch<F, Fut>(&self, key: CacheKey, fetch: F) -> Result<Served, FlightError<E>>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<Fetched, E>> + Send + 'static,
    {
        let landed = self.core.landed();
        let found = self.core.look(&key).await;
        let stale = matches!(found, Some((_, Freshness::Stale, _)));
        let look = Look { landed, stale };
        if let Some((entry, _, age)) = found {
            if stale {
                self.refresh(key, look, fetch);
            }
            return Ok(self.serve(entry, if stale { How::Stale } else { How::Hit }, age));
        }
        let core = Arc::clone(&self.core);
        let mut follower = self.core.flights.join(key, move || async move { core.fly(key, look, fetch).await });
        let arrival = (&mut follower).await?;
        let how = match (arrival.found, follower.is_maker()) {
            (true, _) => How::Hit,
            (false, true) => How::Fetched,
            (false, false) => How::Joined,
        };
        let age = arrival.entry.age(self.core.time.wall());
        Ok(self.serve(arrival.entry, how, age))
    }

    fn serve(&self, entry: Entry, how: How, age: Duration) -> Served {
        self.core.counters.served(how, &entry);
        let from_cache = matches!(how, How::Hit | How::Stale);
        let how = if from_cache && entry.is_negative() { How::Negative } else { how };
        Served { entry, how, age }
    }

    /// How many refreshes are under way.
    #[must_use]
    pub fn refreshing(&self) -> usize {
        self.core.refreshes().under_way()
    }

    /// What has happened so far.
    #[must_use]
    pub fn stats(&self) -> ReadThroughStats {
        self.core.counters.read()
    }

    /// The cache that is read through.
    #[must_use]
    pub fn cache(&self) -> &T {
        &self.core.cache
    }
}

impl<T, E> Clone for ReadThrough<T, E> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core), waiting: Arc::clone(&self.waiting) }
    }
}

impl<T, E> fmt::Debug for ReadThrough<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadThrough")
            .field("flights", &self.core.flights)
            .field("stats", &self.core.counters.read())
            .finish_non_exhaustive()
    }
}

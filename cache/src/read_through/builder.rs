//! How reading through is configured.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::{Clock, System, Wall};

use super::ReadThrough;
use super::core::{Core, Time};
use crate::{Cache, CacheError, Lifetime};

/// The configuration of a [`ReadThrough`]. Made by [`ReadThrough::builder`].
#[must_use = "a builder does nothing until it is built"]
pub struct ReadThroughBuilder<T, E> {
    pub(super) cache: T,
    pub(super) time: Arc<dyn Time>,
    pub(super) max_refreshes: NonZeroUsize,
    pub(super) refresh_pause: Duration,
    pub(super) refusals: Lifetime,
    pub(super) on_cache_error: Arc<dyn Fn(&CacheError) + Send + Sync>,
    failure: PhantomData<fn() -> E>,
}

const MAX_REFRESHES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);
const REFRESH_PAUSE: Duration = Duration::from_secs(5);
const REFUSALS: Lifetime = Lifetime::fresh_for(Duration::from_secs(10));

impl<T: Cache, E> ReadThroughBuilder<T, E> {
    pub(super) fn new(cache: T) -> Self {
        Self {
            cache,
            time: Arc::new(System::new()),
            max_refreshes: MAX_REFRESHES,
            refresh_pause: REFRESH_PAUSE,
            refusals: REFUSALS,
            on_cache_error: Arc::new(|_| {}),
            failure: PhantomData,
        }
    }

    /// At most this many refreshes at once, 64 unless told otherwise. Further stale answers are served as they are.
    pub fn max_refreshes(mut self, most: NonZeroUsize) -> Self {
        self.max_refreshes = most;
        self
    }

    /// A refresh that failed is not tried again before this has passed, 5 s unless told otherwise. Zero: at the next
    /// question.
    pub fn refresh_pause(mut self, pause: Duration) -> Self {
        self.refresh_pause = pause;
        self
    }

    /// How long a refusal is remembered that has no lifetime of its own: fresh for 10 s unless told otherwise.
    pub fn refusals(mut self, lifetime: Lifetime) -> Self {
        self.refusals = lifetime;
        self
    }

    /// Ages and pauses are measured by this clock in place of the system's. The cache has a clock of its own: see that it
    /// is the same one.
    pub fn clock<C: Clock + Wall + Send + Sync + 'static>(mut self, clock: C) -> Self {
        self.time = Arc::new(clock);
        self
    }

    /// Told of each failure of the cache, in the middle of the call that met it: it must not block.
    pub fn on_cache_error(mut self, tell: impl Fn(&CacheError) + Send + Sync + 'static) -> Self {
        self.on_cache_error = Arc::new(tell);
        self
    }
}

impl<T, E> ReadThroughBuilder<T, E>
where
    T: Cache + 'static,
    E: Send + Sync + 'static,
{
    /// The reader, with nothing under way.
    #[must_use]
    pub fn build(self) -> ReadThrough<T, E> {
        ReadThrough::over(Core::new(self))
    }
}

impl<T, E> fmt::Debug for ReadThroughBuilder<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadThroughBuilder")
            .field("max_refreshes", &self.max_refreshes)
            .field("refresh_pause", &self.refresh_pause)
            .field("refusals", &self.refusals)
            .finish_non_exhaustive()
    }
}

//! Fetching anew what is stale, while it is served.

use std::future::Future;
use std::sync::{Arc, PoisonError};

use super::core::{Core, Look};
use super::stats::bump;
use super::{Fetched, ReadThrough};
use crate::{Cache, CacheKey};

/// A refresh under way, until it is dropped.
struct UnderWay<T: Cache, E: Send + Sync + 'static> {
    core: Arc<Core<T, E>>,
    key: CacheKey,
    failed: bool,
}

impl<T: Cache, E: Send + Sync + 'static> Drop for UnderWay<T, E> {
    fn drop(&mut self) {
        let failed = self.failed.then(|| self.core.time.now());
        self.core.refreshes().end(&self.key, failed);
    }
}

impl<T, E> ReadThrough<T, E>
where
    T: Cache + 'static,
    E: Send + Sync + 'static,
{
    /// Starts a refresh of `key`, if it is time for one.
    pub(super) fn refresh<F, Fut>(&self, key: CacheKey, look: Look, fetch: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<Fetched, E>> + Send + 'static,
    {
        let now = self.core.time.now();
        if !self.core.refreshes().begin(key, now) {
            return;
        }
        let mut refresh = UnderWay { core: Arc::clone(&self.core), key, failed: false };
        bump(&self.core.counters.refreshes);
        let core = Arc::clone(&self.core);
        let follower = self.core.flights.join(key, move || async move { core.fly(key, look, fetch).await });
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while waiting.try_join_next().is_some() {}
        waiting.spawn(async move {
            // A call that was lost is a failure; a wait that was is none, it ends with the reader or its runtime.
            refresh.failed = !follower.await.is_ok_and(|arrival| arrival.settled);
            if refresh.failed {
                bump(&refresh.core.counters.refresh_failures);
            }
        });
    }
}

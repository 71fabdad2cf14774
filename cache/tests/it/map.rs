//! The smallest cache that a user could write, which fails and dawdles when told to.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use steadfast_cache::{Cache, CacheError, CacheKey, Entry};

#[derive(Default)]
pub(crate) struct Map {
    held: Mutex<HashMap<CacheKey, Entry>>,
    /// Look-ups, or changes, fail.
    pub(crate) blind: AtomicBool,
    pub(crate) deaf: AtomicBool,
    /// Every operation waits for some turns before it is done and after it, look-ups for longest.
    pub(crate) slow: AtomicBool,
}

impl Map {
    async fn dawdle(&self, turns: usize) {
        if self.slow.load(Ordering::Relaxed) {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
        }
    }
}

fn failing(flag: &AtomicBool) -> Result<(), CacheError> {
    if flag.load(Ordering::Relaxed) { Err(CacheError::Unavailable("as told".into())) } else { Ok(()) }
}

#[async_trait]
impl Cache for Map {
    async fn get(&self, key: &CacheKey) -> Result<Option<Entry>, CacheError> {
        failing(&self.blind)?;
        self.dawdle(1).await;
        let found = self.held.lock().unwrap().get(key).cloned();
        self.dawdle(4).await;
        Ok(found)
    }

    async fn put(&self, key: CacheKey, entry: Entry) -> Result<bool, CacheError> {
        failing(&self.deaf)?;
        self.dawdle(1).await;
        self.held.lock().unwrap().insert(key, entry);
        self.dawdle(1).await;
        Ok(true)
    }

    async fn remove(&self, key: &CacheKey) -> Result<bool, CacheError> {
        failing(&self.deaf)?;
        self.dawdle(1).await;
        Ok(self.held.lock().unwrap().remove(key).is_some())
    }
}

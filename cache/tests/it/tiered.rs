//! Two tiers as one, case by case.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use steadfast_cache::{Cache, CacheError, CacheKey, Entry, MemoryCache, Tier, Tiered};
use steadfast_clock::UnixNanos;

const KEY: CacheKey = CacheKey::from_bytes([7; 32]);

fn entry(body: &'static str) -> Entry {
    Entry::new(body, UnixNanos::EPOCH)
}

/// A cache that fails while it is told to.
#[derive(Clone)]
struct Shaky {
    cache: MemoryCache,
    fails: Arc<AtomicBool>,
}

impl Shaky {
    fn new() -> Self {
        Self { cache: MemoryCache::new(10).unwrap(), fails: Arc::default() }
    }

    fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::Relaxed);
    }

    fn check(&self) -> Result<(), CacheError> {
        if self.fails.load(Ordering::Relaxed) { Err(CacheError::Unavailable("down".into())) } else { Ok(()) }
    }
}

#[async_trait]
impl Cache for Shaky {
    async fn get(&self, key: &CacheKey) -> Result<Option<Entry>, CacheError> {
        self.check().map(|()| self.cache.get(key))
    }

    async fn put(&self, key: CacheKey, entry: Entry) -> Result<bool, CacheError> {
        self.check().map(|()| self.cache.put(key, entry))
    }

    async fn remove(&self, key: &CacheKey) -> Result<bool, CacheError> {
        self.check().map(|()| self.cache.remove(key).is_some())
    }
}

fn memory() -> MemoryCache {
    MemoryCache::new(10).unwrap()
}

#[tokio::test]
async fn what_the_slow_tier_has_comes_up_once() {
    let (fast, slow) = (memory(), memory());
    let cache = Tiered::new(fast.clone(), slow.clone());
    slow.put(KEY, entry("x"));
    for _ in 0..3 {
        assert_eq!(cache.get(&KEY).await.unwrap(), Some(entry("x")));
    }
    assert_eq!(fast.get(&KEY), Some(entry("x")));
    let stats = cache.stats();
    assert_eq!((stats.fast_hits, stats.slow_hits, stats.misses, stats.promotions), (2, 1, 0, 1));
    assert_eq!(stats.hit_rate(), Some(1.0));
    assert_eq!(slow.stats().hits, 1);
}

#[tokio::test]
async fn what_is_put_or_removed_is_so_in_both() {
    let (fast, slow) = (memory(), memory());
    let cache = Tiered::new(fast.clone(), slow.clone());
    assert!(cache.put(KEY, entry("x")).await.unwrap());
    assert_eq!((fast.get(&KEY), slow.get(&KEY)), (Some(entry("x")), Some(entry("x"))));
    assert!(cache.remove(&KEY).await.unwrap());
    assert_eq!((fast.get(&KEY), slow.get(&KEY)), (None, None));
    assert!(!cache.remove(&KEY).await.unwrap());
    assert_eq!(cache.get(&KEY).await.unwrap(), None);
    assert_eq!(cache.stats().misses, 1);
}

#[tokio::test]
async fn an_entry_that_only_one_tier_has_room_for_is_kept() {
    let small = MemoryCache::builder().max_bytes(800).build().unwrap();
    let cache = Tiered::new(small.clone(), memory());
    let large = Entry::new(vec![0; 400], UnixNanos::EPOCH);
    assert!(cache.put(KEY, large.clone()).await.unwrap());
    assert_eq!(small.len(), 0);
    assert_eq!(cache.get(&KEY).await.unwrap(), Some(large));
    assert_eq!(cache.stats().promotions, 0);
}

#[tokio::test]
async fn a_tier_that_fails_is_told_of_and_has_nothing() {
    let slow = Shaky::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let told_to = Arc::clone(&told);
    let cache = Tiered::new(memory(), slow.clone())
        .on_failure(move |tier, error| told_to.lock().unwrap().push((tier, error.to_string())));
    slow.fail(true);
    assert_eq!(cache.get(&KEY).await.unwrap(), None);
    assert!(cache.put(KEY, entry("x")).await.unwrap());
    assert_eq!(cache.get(&KEY).await.unwrap(), Some(entry("x")));
    assert!(cache.remove(&KEY).await.is_err());
    assert_eq!(cache.fast().len(), 0);
    let stats = cache.stats();
    assert_eq!((stats.misses, stats.fast_hits, stats.slow_failures, stats.fast_failures), (1, 1, 3, 0));
    let line = (Tier::Slow, String::from("the cache is unavailable"));
    assert_eq!(*told.lock().unwrap(), [line.clone(), line.clone(), line]);
}

#[tokio::test]
async fn a_fast_tier_that_fails_is_passed_over() {
    let fast = Shaky::new();
    let cache = Tiered::new(fast.clone(), memory());
    fast.fail(true);
    assert!(cache.put(KEY, entry("x")).await.unwrap());
    assert_eq!(cache.get(&KEY).await.unwrap(), Some(entry("x")));
    assert!(cache.remove(&KEY).await.is_err());
    assert!(cache.slow().is_empty());
    let stats = cache.stats();
    assert_eq!((stats.slow_hits, stats.promotions, stats.fast_failures), (1, 0, 4));
    fast.fail(false);
    assert_eq!(cache.get(&KEY).await.unwrap(), None);
}

#[tokio::test]
async fn tiers_may_stand_behind_each_other() {
    let last: Arc<dyn Cache> = Arc::new(memory());
    last.put(KEY, entry("x")).await.unwrap();
    let cache = Tiered::new(memory(), Tiered::new(memory(), last));
    assert_eq!(cache.get(&KEY).await.unwrap(), Some(entry("x")));
    assert_eq!((cache.fast().len(), cache.slow().fast().len()), (1, 1));
}

#[tokio::test]
async fn debug_shows_no_contents() {
    let cache = Tiered::new(memory(), memory());
    cache.put(KEY, entry("secret")).await.unwrap();
    let shown = format!("{cache:?}");
    assert!(shown.contains("len: 1") && !shown.contains("secret"), "{shown}");
}

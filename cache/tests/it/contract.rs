//! What users may rely on at compile time, and what every implementation of the trait must do.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Debug;
use std::future::Future;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use steadfast_cache::{
    Cache, CacheError, CacheKey, ConfigError, Entry, MemoryCache, MemoryCacheBuilder, Stats, Tiered, TieredStats,
};
use steadfast_clock::{ManualClock, UnixNanos};

fn send_sync<T: Send + Sync + Debug + 'static>() {}

fn send<T: Send>(value: T) -> T {
    value
}

#[test]
fn everything_is_send_sync_and_debug() {
    send_sync::<CacheKey>();
    send_sync::<Entry>();
    send_sync::<MemoryCache>();
    send_sync::<MemoryCache<ManualClock>>();
    send_sync::<MemoryCacheBuilder>();
    send_sync::<Tiered<MemoryCache, MemoryCache>>();
    send_sync::<TieredStats>();
    send_sync::<Stats>();
    send_sync::<CacheError>();
    send_sync::<ConfigError>();
}

#[cfg(feature = "disk")]
#[test]
fn the_tier_on_disk_is_send_sync_and_debug() {
    send_sync::<steadfast_cache::DiskCache>();
    send_sync::<steadfast_cache::DiskCacheBuilder>();
    send_sync::<steadfast_cache::DiskNotice>();
    send_sync::<steadfast_cache::OpenError>();
}

#[cfg(feature = "tokio")]
#[test]
fn a_follower_is_three_words() {
    assert_eq!(size_of::<steadfast_cache::Follower<CacheKey, Entry, String>>(), 3 * size_of::<usize>());
}

#[cfg(feature = "tokio")]
#[test]
fn reading_through_is_send_sync_and_debug() {
    use steadfast_cache as cache;
    type Reader = cache::ReadThrough<Arc<dyn Cache>, String>;
    send_sync::<cache::SingleFlight<CacheKey, Entry, String>>();
    send_sync::<cache::Follower<CacheKey, Entry, String>>();
    send_sync::<cache::FlightError<String>>();
    send_sync::<Reader>();
    send_sync::<cache::ReadThroughBuilder<Arc<dyn Cache>, String>>();
    send_sync::<cache::ReadThroughStats>();
    send_sync::<cache::Served>();
    send_sync::<cache::How>();
    send_sync::<cache::Fetched>();
    let _asking = |reader: &Reader, key: CacheKey| {
        let fetch = || async { Err("why".to_owned()) };
        drop(send(reader.get_or_fetch(key, fetch)));
    };
}

/// The naive implementation that anyone could write.
#[derive(Default)]
struct Map(Mutex<HashMap<CacheKey, Entry>>);

#[async_trait]
impl Cache for Map {
    async fn get(&self, key: &CacheKey) -> Result<Option<Entry>, CacheError> {
        Ok(self.0.lock().unwrap().get(key).cloned())
    }

    async fn put(&self, key: CacheKey, entry: Entry) -> Result<bool, CacheError> {
        self.0.lock().unwrap().insert(key, entry);
        Ok(true)
    }

    async fn remove(&self, key: &CacheKey) -> Result<bool, CacheError> {
        Ok(self.0.lock().unwrap().remove(key).is_some())
    }
}

/// What is put is got, with its notes, until it is replaced or removed.
fn conforms(cache: Arc<dyn Cache>) -> impl Future<Output = ()> + Send {
    send(async move {
        let [a, b] = [[1; 32], [2; 32]].map(CacheKey::from_bytes);
        let first = Entry::new("first", UnixNanos::from_secs(5)).with_note("model", "small-1");
        let second = Entry::new("second", UnixNanos::from_secs(6));
        assert_eq!(cache.get(&a).await.unwrap(), None);
        assert!(!cache.remove(&a).await.unwrap());
        assert!(cache.put(a, first.clone()).await.unwrap());
        assert_eq!(cache.get(&a).await.unwrap(), Some(first));
        assert_eq!(cache.get(&b).await.unwrap(), None);
        assert!(cache.put(a, second.clone()).await.unwrap());
        assert_eq!(cache.get(&a).await.unwrap(), Some(second));
        assert!(cache.remove(&a).await.unwrap());
        assert_eq!(cache.get(&a).await.unwrap(), None);
    })
}

#[tokio::test]
async fn every_implementation_conforms() {
    conforms(Arc::new(Map::default())).await;
    conforms(Arc::new(MemoryCache::new(10).unwrap())).await;
    conforms(Arc::new(Tiered::new(MemoryCache::new(10).unwrap(), Map::default()))).await;
    let behind: Arc<dyn Cache> = Arc::new(Map::default());
    conforms(Arc::new(Tiered::new(MemoryCache::new(1).unwrap(), behind))).await;
    #[cfg(feature = "disk")]
    {
        let folder = tempfile::tempdir().unwrap();
        conforms(Arc::new(steadfast_cache::DiskCache::builder(folder.path().join("cache")).open().unwrap())).await;
    }
}

#[tokio::test]
async fn the_trait_tells_that_an_entry_was_too_large() {
    let cache: Arc<dyn Cache> = Arc::new(MemoryCache::builder().max_bytes(1000).build().unwrap());
    let key = CacheKey::from_bytes([1; 32]);
    assert!(cache.put(key, Entry::new(vec![0; 400], UnixNanos::EPOCH)).await.unwrap());
    assert!(!cache.put(key, Entry::new(vec![0; 700], UnixNanos::EPOCH)).await.unwrap());
    assert_eq!(cache.get(&key).await.unwrap(), None);
}

#[test]
fn errors_are_one_line_and_keep_their_source() {
    fn check(error: &CacheError, line: &str) {
        assert_eq!(error.to_string(), line);
        assert_eq!(error.source().unwrap().to_string(), "why");
    }
    check(&CacheError::Unavailable("why".into()), "the cache is unavailable");
    check(&CacheError::Corrupt("why".into()), "the cache holds something that is not an entry");
}

#[cfg(feature = "prompt")]
#[test]
fn prompts_and_recordings_are_send_sync_and_debug() {
    use steadfast_cache::{
        Cacheable, Normalise, Overlong, Part, PromptFacts, PromptKey, Recording, Replay, Rule, Tape, Tools, Uncacheable,
    };
    send_sync::<PromptKey>();
    send_sync::<Normalise>();
    send_sync::<Part<'static>>();
    send_sync::<PromptFacts>();
    send_sync::<Tools>();
    send_sync::<Rule>();
    send_sync::<Cacheable>();
    send_sync::<Uncacheable>();
    send_sync::<Tape>();
    send_sync::<Overlong>();
    send_sync::<Recording>();
    send_sync::<Replay>();
}

#[cfg(feature = "similar")]
#[test]
fn the_index_is_send_sync_and_debug() {
    use steadfast_cache::{Similar, SimilarIndex, SimilarIndexBuilder, SimilarStats, TokenSet};
    send_sync::<SimilarIndex>();
    send_sync::<SimilarIndexBuilder>();
    send_sync::<SimilarStats>();
    send_sync::<Similar>();
    send_sync::<TokenSet>();
}

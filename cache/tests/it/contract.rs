//! What users may rely on at compile time, and what every implementation of the trait must do.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Debug;
use std::future::Future;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use steadfast_cache::{Cache, CacheError, CacheKey, ConfigError, Entry, Lru, LruBuilder, Stats};
use steadfast_clock::{ManualClock, UnixNanos};

fn send_sync<T: Send + Sync + Debug + 'static>() {}

fn send<T: Send>(value: T) -> T {
    value
}

#[test]
fn everything_is_send_sync_and_debug() {
    send_sync::<CacheKey>();
    send_sync::<Entry>();
    send_sync::<Lru>();
    send_sync::<Lru<ManualClock>>();
    send_sync::<LruBuilder>();
    send_sync::<Stats>();
    send_sync::<CacheError>();
    send_sync::<ConfigError>();
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
    conforms(Arc::new(Lru::new(10).unwrap())).await;
}

#[tokio::test]
async fn the_trait_tells_that_an_entry_was_too_large() {
    let cache: Arc<dyn Cache> = Arc::new(Lru::builder().max_bytes(3).build().unwrap());
    let key = CacheKey::from_bytes([1; 32]);
    assert!(cache.put(key, Entry::new("abc", UnixNanos::EPOCH)).await.unwrap());
    assert!(!cache.put(key, Entry::new("abcd", UnixNanos::EPOCH)).await.unwrap());
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

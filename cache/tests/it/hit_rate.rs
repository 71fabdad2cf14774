//! How many answers are found, on loads as they are met.

use std::collections::{BTreeMap, HashMap, HashSet};

use steadfast_cache::{CacheKey, Entry, MemoryCache};
use steadfast_clock::UnixNanos;

use crate::load::{Zipf, key};

/// A thousand requests for a hundred prompts, the most common first by far: each prompt is answered once.
#[test]
fn every_repeated_prompt_is_a_hit_while_all_fit() {
    let cache = MemoryCache::new(100).unwrap();
    let mut prompts = Zipf::new(100, 1.0, 1);
    let (mut asked, mut answered) = (HashSet::new(), 0);
    for _ in 0..1000 {
        let prompt = prompts.draw();
        if cache.get(&key(prompt)).is_none() {
            assert!(asked.insert(prompt), "prompt {prompt} was answered already");
            cache.put(key(prompt), Entry::new(prompt.to_string(), UnixNanos::EPOCH));
        } else {
            answered += 1;
        }
    }
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses), (1000 - asked.len() as u64, asked.len() as u64));
    assert_eq!((stats.hits, stats.evictions), (answered, 0));
    assert!(stats.hit_rate().unwrap() >= 0.8, "{stats:?}");
}

/// An exact LRU, as a map and the order of last uses.
struct Lru {
    capacity: usize,
    used: HashMap<CacheKey, u64>,
    by_use: BTreeMap<u64, CacheKey>,
    now: u64,
}

impl Lru {
    /// Whether it was there; it is now.
    fn ask(&mut self, key: CacheKey) -> bool {
        self.now += 1;
        let before = self.used.insert(key, self.now);
        if let Some(before) = before {
            self.by_use.remove(&before);
        }
        self.by_use.insert(self.now, key);
        if self.used.len() > self.capacity {
            let (_, oldest) = self.by_use.pop_first().unwrap();
            self.used.remove(&oldest);
        }
        before.is_some()
    }
}

/// 100,000 keys, the k-th asked for in proportion to 1/k^0.9, and every 20,000 requests a scan over 5,000 keys that are
/// never asked for again.
fn polluted(requests: usize) -> impl Iterator<Item = CacheKey> {
    let mut zipf = Zipf::new(100_000, 0.9, 42);
    (0..requests as u64).map(move |at| match at % 25_000 {
        0..5_000 => key(1_000_000 + at),
        _ => key(zipf.draw()),
    })
}

fn hits(requests: usize, mut ask: impl FnMut(CacheKey) -> bool) -> usize {
    polluted(requests).filter(|key| ask(*key)).count()
}

/// With room for 1 % of the keys more is found than an exact LRU finds. No clock, no thread and no hash has a say in
/// what is evicted, so that the same load gives the same hits.
#[test]
fn scans_do_not_wash_out_what_is_in_use() {
    const REQUESTS: usize = 100_000;
    let ours = || {
        let cache = MemoryCache::new(1000).unwrap();
        let entry = Entry::new("x", UnixNanos::EPOCH);
        hits(REQUESTS, |key| cache.get(&key).is_some() || !cache.put(key, entry.clone()))
    };
    let mut lru = Lru { capacity: 1000, used: HashMap::new(), by_use: BTreeMap::new(), now: 0 };
    let (first, lru) = (ours(), hits(REQUESTS, |key| lru.ask(key)));
    assert_eq!(first, ours());
    assert!(first * 10 >= lru * 12, "ours {first}, LRU {lru}");
}

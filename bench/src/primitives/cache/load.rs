//! A load as it is met: keys that are asked for in proportion to a power of their rank, and scans between.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use steadfast_cache::{CacheKey, Entry, MemoryCache};
use steadfast_clock::UnixNanos;

use super::{Lru, Moka, Quick, get, key, put};
use crate::Row;

/// How many keys there are besides those of the scans, the frequency of each `1 / rank^EXPONENT`, and for how many there
/// is room.
const KEYS: u32 = 100_000;
const EXPONENT: f64 = 0.9;
const ROOM: usize = 1000;

/// How many requests there are, of how many each `SCAN` are a scan of keys that are never asked for again.
const REQUESTS: usize = 1_000_000;
const PERIOD: usize = 25_000;
const SCAN: usize = 5_000;

/// A request on that load: the answer is kept, or given and then kept. The names tell how many requests were hits, on
/// one run through all of them.
pub(super) fn polluted() -> Row {
    let load = requests();
    let entry = Entry::new(Bytes::from_static(b"an answer"), UnixNanos::EPOCH);
    let make_ours = || {
        let (cache, entry) = (MemoryCache::new(ROOM).expect("bounds that work"), entry.clone());
        move |key: &[u8; 32]| {
            let key = CacheKey::from(*key);
            let found = cache.get(&key).is_some();
            if !found {
                cache.put(key, entry.clone());
            }
            found
        }
    };
    let make_moka = || {
        let cache = Moka::new(ROOM as u64);
        move |key: &[u8; 32]| {
            let found = cache.get(key).is_some();
            if !found {
                cache.insert(*key, ANSWER);
            }
            found
        }
    };
    let make_quick = || {
        let cache = Quick::new(ROOM);
        move |key: &[u8; 32]| {
            let found = cache.get(key).is_some();
            if !found {
                cache.insert(*key, ANSWER);
            }
            found
        }
    };
    let make_lru = || {
        let cache: Lru = Mutex::new(lru::LruCache::new(NonZeroUsize::new(ROOM).expect("not zero")));
        move |key: &[u8; 32]| {
            let found = get(&cache, key).is_some();
            if !found {
                put(&cache, *key, ANSWER);
            }
            found
        }
    };
    let name = named("cache: zipf 0.9 with scans, room for 1 %", rate(&load, make_ours()));
    let [moka, quick, lru] = [
        named("moka", rate(&load, make_moka())),
        named("quick_cache", rate(&load, make_quick())),
        named("lru in a mutex", rate(&load, make_lru())),
    ];
    Row::new(name, through(&load, make_ours()))
        .peer(moka, through(&load, make_moka()))
        .peer(quick, through(&load, make_quick()))
        .peer(lru, through(&load, make_lru()))
}

const ANSWER: Bytes = Bytes::from_static(b"an answer");

/// The keys in the order in which they are asked for, from a fixed seed.
fn requests() -> Arc<[[u8; 32]]> {
    let weights: Vec<f64> = (1..=KEYS).map(|rank| f64::from(rank).powf(-EXPONENT)).collect();
    let sum: f64 = weights.iter().sum();
    let mut so_far = 0.0;
    let shares: Vec<f64> = weights
        .into_iter()
        .map(|weight| {
            so_far += weight / sum;
            so_far
        })
        .collect();
    let mut state = 42u64;
    (0..REQUESTS)
        .map(|at| {
            if at % PERIOD < SCAN {
                return key((1 << 32) + at as u64);
            }
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            let drawn = ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64;
            key(shares.partition_point(|share| *share < drawn) as u64)
        })
        .collect()
}

/// How many requests of the whole load are hits, in per cent.
fn rate(load: &[[u8; 32]], mut ask: impl FnMut(&[u8; 32]) -> bool) -> f64 {
    let hits = load.iter().filter(|key| ask(key)).count();
    100.0 * hits as f64 / load.len() as f64
}

/// A name with a rate in it. There are four.
fn named(name: &str, rate: f64) -> &'static str {
    Box::leak(format!("{name}: {rate:.1} % hits").into_boxed_str())
}

/// Goes through the load, over and over.
fn through<A: FnMut(&[u8; 32]) -> bool>(load: &Arc<[[u8; 32]]>, mut ask: A) -> impl FnMut(u64) + use<A> {
    let (load, mut at) = (Arc::clone(load), 0);
    move |n| {
        for _ in 0..n {
            at = if at + 1 == load.len() { 0 } else { at + 1 };
            ask(&load[at]);
        }
    }
}

//! A cache of answers under ready keys of 32 bytes. What is kept is shared and cloned on a hit, as everybody has it.

mod load;

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use steadfast_cache::{CacheKey, Entry, MemoryCache};
use steadfast_clock::{Tsc, UnixNanos};

use super::Make;
use crate::Row;

pub(super) const ROWS: &[Make] = &[hit, hit_on_two, hit_with_lifetime, miss, replace, evict, load::polluted];

/// How many answers are kept, and how many there is room for.
const KEPT: u64 = 1000;
const ROOM: usize = 10_000;

/// An hour: nothing expires meanwhile.
const TTL: Duration = Duration::from_secs(3600);

type Moka = moka::sync::Cache<[u8; 32], Bytes>;
type Quick = quick_cache::sync::Cache<[u8; 32], Bytes>;
type Lru = Mutex<lru::LruCache<[u8; 32], Bytes>>;

/// A key as a digest has it: its bytes look random.
fn key(number: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    let mut word = number;
    for chunk in bytes.chunks_exact_mut(8) {
        word = word.wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        chunk.copy_from_slice(&(word ^ (word >> 31)).to_le_bytes());
    }
    bytes
}

fn keys() -> Vec<[u8; 32]> {
    (0..KEPT).map(key).collect()
}

fn answer() -> Bytes {
    Bytes::from(vec![7; 1000])
}

fn entry() -> Entry {
    Entry::new(answer(), UnixNanos::EPOCH)
}

fn ours() -> MemoryCache {
    let cache = MemoryCache::new(ROOM).expect("bounds that work");
    keys().into_iter().for_each(|key| assert!(cache.put(key.into(), entry())));
    cache
}

fn moka() -> Moka {
    let cache = Moka::new(ROOM as u64);
    keys().into_iter().for_each(|key| cache.insert(key, answer()));
    cache.run_pending_tasks();
    cache
}

fn quick() -> Quick {
    let cache = Quick::new(ROOM);
    keys().into_iter().for_each(|key| cache.insert(key, answer()));
    cache
}

fn lru() -> Lru {
    let mut cache = lru::LruCache::new(NonZeroUsize::new(ROOM).expect("not zero"));
    keys().into_iter().for_each(|key| drop(cache.put(key, answer())));
    Mutex::new(cache)
}

/// Performs `what` on one key after the other.
fn each(mut what: impl FnMut(&[u8; 32])) -> impl FnMut(u64) {
    let (keys, mut at) = (keys(), 0);
    move |n| {
        for _ in 0..n {
            at = if at + 1 == keys.len() { 0 } else { at + 1 };
            what(&keys[at]);
        }
    }
}

/// The same for ours, whose keys are of a type of their own.
fn each_of_ours(mut what: impl FnMut(&CacheKey)) -> impl FnMut(u64) {
    let (keys, mut at): (Vec<CacheKey>, _) = (keys().into_iter().map(CacheKey::from).collect(), 0);
    move |n| {
        for _ in 0..n {
            at = if at + 1 == keys.len() { 0 } else { at + 1 };
            what(&keys[at]);
        }
    }
}

/// An answer that is there, without a lifetime.
fn hit() -> Row {
    let (ours, moka, quick, lru) = (ours(), moka(), quick(), lru());
    Row::new("cache: hit", each_of_ours(move |key| assert!(black_box(&ours).get(key).is_some())))
        .peer("moka", each(move |key| assert!(black_box(&moka).get(key).is_some())))
        .peer("quick_cache", each(move |key| assert!(black_box(&quick).get(key).is_some())))
        .peer("lru in a mutex", each(move |key| assert!(get(black_box(&lru), key).is_some())))
        .reach(1.2, "moka")
}

/// The same on two threads that share the cache.
fn hit_on_two() -> Row {
    let (ours, moka, quick, lru) = (ours(), moka(), Arc::new(quick()), Arc::new(lru()));
    Row::on_two("cache: hit, 2 threads", || {
        let ours = ours.clone();
        each_of_ours(move |key| assert!(ours.get(key).is_some()))
    })
    .peer_on_two("moka", || {
        let moka = moka.clone();
        each(move |key| assert!(moka.get(key).is_some()))
    })
    .peer_on_two("quick_cache", || {
        let quick = Arc::clone(&quick);
        each(move |key| assert!(quick.get(key).is_some()))
    })
    .peer_on_two("lru in a mutex", || {
        let lru = Arc::clone(&lru);
        each(move |key| assert!(get(&lru, key).is_some()))
    })
    .reach(1.2, "moka")
}

/// An answer that is there and will expire: a clock is read. moka reads one in any case.
fn hit_with_lifetime() -> Row {
    let ours = MemoryCache::builder().capacity(ROOM).ttl(TTL).clock(Tsc::new()).build().expect("bounds that work");
    keys().into_iter().for_each(|key| assert!(ours.put(key.into(), entry())));
    let moka: Moka = moka::sync::Cache::builder().max_capacity(ROOM as u64).time_to_live(TTL).build();
    keys().into_iter().for_each(|key| moka.insert(key, answer()));
    moka.run_pending_tasks();
    Row::new("cache: hit, with a lifetime", each_of_ours(move |key| assert!(black_box(&ours).get(key).is_some())))
        .peer("moka", each(move |key| assert!(black_box(&moka).get(key).is_some())))
}

/// An answer that is not there.
fn miss() -> Row {
    let (ours, moka, quick, lru) = (ours(), moka(), quick(), lru());
    let absent = key(KEPT);
    let ours_absent = CacheKey::from(absent);
    Row::new("cache: miss", each(move |_| assert!(black_box(&ours).get(&ours_absent).is_none())))
        .peer("moka", each(move |_| assert!(black_box(&moka).get(&absent).is_none())))
        .peer("quick_cache", each(move |_| assert!(black_box(&quick).get(&absent).is_none())))
        .peer("lru in a mutex", each(move |_| assert!(get(black_box(&lru), &absent).is_none())))
        .reach(1.2, "moka")
}

/// An answer in place of another.
fn replace() -> Row {
    let (ours, moka, quick, lru) = (ours(), moka(), quick(), lru());
    let (entry, a, b, c) = (entry(), answer(), answer(), answer());
    Row::new("cache: put, replacing", each_of_ours(move |key| assert!(ours.put(*key, entry.clone()))))
        .peer("moka", each(move |key| moka.insert(*key, a.clone())))
        .peer("quick_cache", each(move |key| quick.insert(*key, b.clone())))
        .peer("lru in a mutex", each(move |key| drop(put(&lru, *key, c.clone()))))
        .reach(1.2, "moka")
}

/// A new answer for which another one makes room.
fn evict() -> Row {
    const FEW: usize = 100;
    let ours = MemoryCache::new(FEW).expect("bounds that work");
    let (moka, quick) = (Moka::new(FEW as u64), Quick::new(FEW));
    let lru = Lru::new(lru::LruCache::new(NonZeroUsize::new(FEW).expect("not zero")));
    let (entry, a, b, c) = (entry(), answer(), answer(), answer());
    Row::new("cache: put, evicting", each_of_ours(move |key| _ = black_box(ours.put(*key, entry.clone()))))
        .peer("moka", each(move |key| moka.insert(*key, a.clone())))
        .peer("quick_cache", each(move |key| quick.insert(*key, b.clone())))
        .peer("lru in a mutex", each(move |key| drop(put(&lru, *key, c.clone()))))
        .reach(1.2, "moka")
}

fn get(lru: &Lru, key: &[u8; 32]) -> Option<Bytes> {
    lru.lock().ok()?.get(key).cloned()
}

fn put(lru: &Lru, key: [u8; 32], answer: Bytes) -> Option<Bytes> {
    lru.lock().ok()?.put(key, answer)
}

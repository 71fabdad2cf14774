//! What holds when several threads use one cache.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use proptest::collection::vec;
use proptest::prelude::*;
use steadfast_cache::{Entry, MemoryCache};
use steadfast_clock::UnixNanos;

use crate::load::key;

const THREADS: u64 = 3;

proptest! {
    /// Whatever the threads do, the bound in entries holds at every moment, nothing is found that was not put under its
    /// key, every look-up is counted once, and in the end the weight is that of what is there.
    #[test]
    fn threads_keep_the_bounds_and_the_books(
        capacity in 1usize..10,
        shards in 1usize..4,
        steps in vec((0u64..12, 0u8..8), 0..60),
    ) {
        let kept = AtomicU64::new(0);
        let cache = MemoryCache::builder().capacity(capacity).shards(shards).weigher(|_, _| 3).build().unwrap();
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for (number, what) in &steps {
                        match what {
                            0..3 => {
                                let found = cache.get(&key(*number));
                                assert!(found.is_none_or(|entry| entry.value()[..] == number.to_le_bytes()));
                            }
                            3..6 => {
                                let entry = Entry::new(number.to_le_bytes().to_vec(), UnixNanos::EPOCH);
                                kept.fetch_add(u64::from(cache.put(key(*number), entry)), Ordering::Relaxed);
                            }
                            6 => drop(cache.remove(&key(*number))),
                            _ => cache.settle(),
                        }
                        assert!(cache.len() <= capacity);
                    }
                });
            }
        });
        let asked = steps.iter().filter(|(_, what)| *what < 3).count() as u64;
        let stats = cache.stats();
        prop_assert_eq!(stats.hits + stats.misses, THREADS * asked);
        prop_assert_eq!(stats.insertions, kept.into_inner());
        prop_assert_eq!(cache.bytes(), 3 * cache.len() as u64);
    }

    /// While everything fits, of the threads that ask for an answer and give it where it is missing, each asks in vain at
    /// most once for each key, and once all have, nobody does.
    #[test]
    fn threads_miss_a_key_at_most_once_each(keys in vec(0u64..40, 1..80)) {
        let cache = MemoryCache::new(40).unwrap();
        let distinct = keys.iter().collect::<std::collections::BTreeSet<_>>().len() as u64;
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for number in &keys {
                        if cache.get(&key(*number)).is_none() {
                            cache.put(key(*number), Entry::new("x", UnixNanos::EPOCH));
                        }
                    }
                });
            }
        });
        let stats = cache.stats();
        prop_assert_eq!(stats.hits + stats.misses, THREADS * keys.len() as u64);
        prop_assert!((distinct..=THREADS * distinct).contains(&stats.misses));
        prop_assert_eq!((cache.len() as u64, stats.evictions), (distinct, 0));
        keys.iter().for_each(|number| assert!(cache.get(&key(*number)).is_some()));
    }
}

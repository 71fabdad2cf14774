//! The laws of the LRU, against the naive reference.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use steadfast_cache::{CacheKey, Entry, Lru};
use steadfast_clock::{Clock, ManualClock, Nanos, UnixNanos};

use crate::model::Model;

#[derive(Clone, Debug)]
enum Step {
    Get(u8),
    Put(u8, Entry),
    Remove(u8),
    Advance(Duration),
    Look,
}

fn key(number: u8) -> CacheKey {
    CacheKey::from_bytes([number; 32])
}

/// Few keys and small sizes, so that every bound is met often.
fn step() -> impl Strategy<Value = Step> {
    let entry = (vec(any::<u8>(), 0..12), option::of("[a-z]{0,4}")).prop_map(|(body, note)| {
        let entry = Entry::new(body, UnixNanos::EPOCH);
        note.map_or(entry.clone(), |text| entry.with_note("n", text))
    });
    prop_oneof![
        4 => (0u8..12).prop_map(Step::Get),
        4 => (0u8..12, entry).prop_map(|(key, entry)| Step::Put(key, entry)),
        1 => (0u8..12).prop_map(Step::Remove),
        1 => (0u64..8).prop_map(|secs| Step::Advance(Duration::from_secs(secs))),
        1 => Just(Step::Look),
    ]
}

/// A clock that may step back.
#[derive(Debug, Default)]
struct Unsteady(Mutex<u64>);

impl Clock for Unsteady {
    fn now(&self) -> Nanos {
        Nanos::from_nanos(*self.0.lock().unwrap())
    }
}

proptest! {
    /// After any history, contents, answers, sizes and statistics are those of a list kept in the order of last use.
    #[test]
    fn it_is_an_exact_lru(
        capacity in 1usize..10,
        max_bytes in 1u64..60,
        ttl in option::of(1u64..12),
        steps in vec(step(), 0..200),
    ) {
        let clock = ManualClock::new();
        let ttl = ttl.map(Duration::from_secs);
        let mut builder = Lru::builder().capacity(capacity).max_bytes(max_bytes).clock(clock.clone());
        if let Some(ttl) = ttl {
            builder = builder.ttl(ttl);
        }
        let cache = builder.build().unwrap();
        let mut model = Model::new(capacity, max_bytes, ttl);
        let mut now = Duration::ZERO;
        for step in steps {
            match step {
                Step::Get(number) => prop_assert_eq!(cache.get(&key(number)), model.get(&key(number), now)),
                Step::Put(number, entry) => {
                    let kept = cache.put(key(number), entry.clone());
                    prop_assert_eq!(kept, model.put(key(number), entry, now));
                }
                Step::Remove(number) => prop_assert_eq!(cache.remove(&key(number)), model.remove(&key(number), now)),
                Step::Advance(by) => {
                    clock.advance(by);
                    now += by;
                }
                Step::Look => {
                    model.expire(now);
                    prop_assert_eq!(cache.len(), model.held.len());
                    prop_assert_eq!(cache.is_empty(), model.held.is_empty());
                    prop_assert_eq!(cache.bytes(), model.bytes());
                    prop_assert_eq!(cache.stats(), model.stats);
                }
            }
        }
        model.expire(now);
        prop_assert_eq!(cache.stats(), model.stats);
        for number in 0..12 {
            prop_assert_eq!(cache.get(&key(number)), model.get(&key(number), now));
        }
    }

    /// No operation leaves more entries or bytes than the bounds allow.
    #[test]
    fn the_bounds_hold_after_every_step(
        capacity in 1usize..10,
        max_bytes in 1u64..60,
        steps in vec(step(), 0..200),
    ) {
        let cache = Lru::builder().capacity(capacity).max_bytes(max_bytes).build().unwrap();
        for step in steps {
            if let Step::Put(number, entry) = step {
                cache.put(key(number), entry);
            }
            prop_assert!(cache.len() <= capacity);
            prop_assert!(cache.bytes() <= max_bytes);
        }
    }

    /// However the clock steps, an entry that was seen expired is not seen again, and none outlives its lifetime by the
    /// latest time that was told.
    #[test]
    fn a_clock_that_steps_back_prolongs_no_life(times in vec((0u64..100, 0u8..4, any::<bool>()), 1..100)) {
        let clock = std::sync::Arc::new(Unsteady::default());
        let ttl = Duration::from_nanos(10);
        let cache = Lru::builder().ttl(ttl).clock(std::sync::Arc::clone(&clock)).build().unwrap();
        let mut model = Model::new(usize::MAX, u64::MAX, Some(ttl));
        let mut latest = Duration::ZERO;
        for (time, number, put) in times {
            *clock.0.lock().unwrap() = time;
            latest = latest.max(Duration::from_nanos(time));
            if put {
                let entry = Entry::new("x", UnixNanos::EPOCH);
                prop_assert_eq!(cache.put(key(number), entry.clone()), model.put(key(number), entry, latest));
            } else {
                prop_assert_eq!(cache.get(&key(number)), model.get(&key(number), latest));
            }
        }
        prop_assert_eq!(cache.stats(), model.stats);
    }

    /// Under concurrent use the bounds hold, every look-up is counted once, and nothing is found that was not put.
    #[test]
    fn concurrent_use_keeps_the_books(capacity in 1usize..10, steps in vec(step(), 0..100)) {
        let cache = Lru::builder().capacity(capacity).build().unwrap();
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for step in &steps {
                        match step {
                            Step::Get(number) => {
                                let found = cache.get(&key(*number));
                                assert!(found.is_none_or(|entry| entry.value()[..] == [*number][..]));
                            }
                            Step::Put(number, _) => {
                                assert!(cache.put(key(*number), Entry::new(vec![*number], UnixNanos::EPOCH)));
                            }
                            Step::Remove(number) => drop(cache.remove(&key(*number))),
                            Step::Advance(_) | Step::Look => assert!(cache.len() <= capacity),
                        }
                    }
                });
            }
        });
        let count = |pick: fn(&Step) -> bool| 3 * steps.iter().filter(|step| pick(step)).count() as u64;
        let stats = cache.stats();
        prop_assert_eq!(stats.hits + stats.misses, count(|step| matches!(step, Step::Get(_))));
        prop_assert_eq!(stats.insertions, count(|step| matches!(step, Step::Put(..))));
        prop_assert_eq!(cache.bytes(), cache.len() as u64);
    }
}

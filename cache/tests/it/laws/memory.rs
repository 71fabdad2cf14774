//! The laws of the tier inside the process.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use steadfast_cache::{CacheKey, Entry, Lifetime, MemoryCache, Saving};
use steadfast_clock::{Clock, ManualClock, Nanos, UnixNanos, Wall};

use crate::model::Model;

#[derive(Clone, Debug)]
enum Step {
    Get(u8),
    /// An entry that is so many nanoseconds old already.
    Put(u8, Made, u64),
    Remove(u8),
    Clear,
    Advance(Duration),
    Look,
}

/// What an entry is made of.
#[derive(Clone, Debug)]
struct Made {
    body: u64,
    /// How long its note is.
    note: Option<usize>,
    lifetime: Option<Lifetime>,
    saving: Saving,
    negative: bool,
}

impl Made {
    fn given(&self, at: UnixNanos) -> Entry {
        let entry = Entry::new(self.body.to_le_bytes().to_vec(), at).with_saving(self.saving);
        let entry = self.note.iter().fold(entry, |entry, note| entry.with_note("n", "x".repeat(*note)));
        let entry = self.lifetime.into_iter().fold(entry, Entry::with_lifetime);
        if self.negative { entry.negative() } else { entry }
    }
}

fn key(number: u8) -> CacheKey {
    CacheKey::from_bytes([number; 32])
}

fn nanos(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_nanos)
}

fn made() -> impl Strategy<Value = Made> {
    let lifetime = (nanos(0..10), nanos(0..10)).prop_map(|(fresh, stale)| Lifetime::fresh_for(fresh).stale_for(stale));
    let saving = prop_oneof![
        3 => Just(Saving::NOTHING),
        1 => (0u64..9, 0u64..9).prop_map(|(tokens, micros)| Saving::tokens(tokens).and_micros(micros)),
    ];
    let rest = (option::weighted(0.3, 0usize..5), option::weighted(0.4, lifetime), saving, any::<bool>());
    (any::<u64>(), rest).prop_map(|(body, (note, lifetime, saving, negative))| Made {
        body,
        note,
        lifetime,
        saving,
        negative,
    })
}

/// Few keys and short times, so that every bound is met often, and to the nanosecond.
fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0u8..8).prop_map(Step::Get),
        8 => (0u8..8, made(), 0u64..4).prop_map(|(key, made, age)| Step::Put(key, made, age)),
        2 => (0u8..8).prop_map(Step::Remove),
        1 => Just(Step::Clear),
        4 => nanos(0..6).prop_map(Step::Advance),
        2 => Just(Step::Look),
    ]
}

/// A clock that may step back, with a calendar that stands still.
#[derive(Debug, Default)]
struct Unsteady {
    now: Mutex<u64>,
    /// The latest time that it told.
    told: Mutex<u64>,
}

impl Clock for Unsteady {
    fn now(&self) -> Nanos {
        let (now, mut told) = (*self.now.lock().unwrap(), self.told.lock().unwrap());
        *told = now.max(*told);
        Nanos::from_nanos(now)
    }
}

impl Wall for Unsteady {
    fn wall(&self) -> UnixNanos {
        UnixNanos::EPOCH
    }
}

proptest! {
    /// While everything fits, answers, sizes and statistics are those of a plain map that looks at every entry before
    /// every operation, whatever rules of time there are.
    #[test]
    fn it_is_a_map_while_everything_fits(
        ttl in option::of(nanos(1..12)),
        idle in option::of(nanos(1..12)),
        steps in vec(step(), 0..80),
    ) {
        let clock = ManualClock::new();
        let mut builder = MemoryCache::builder().capacity(8).clock(clock.clone());
        builder = ttl.into_iter().fold(builder, |builder, ttl| builder.ttl(ttl));
        builder = idle.into_iter().fold(builder, |builder, idle| builder.idle(idle));
        let cache = builder.build().unwrap();
        let mut model = Model { ttl, idle, ..Model::default() };
        let mut now = Duration::ZERO;
        for step in steps {
            match step {
                Step::Get(number) => prop_assert_eq!(cache.get(&key(number)), model.get(&key(number), now)),
                Step::Put(number, made, age) => {
                    let wall = clock.wall();
                    let entry = made.given(UnixNanos::from_nanos(wall.as_nanos() - age));
                    let kept = cache.put(key(number), entry.clone());
                    prop_assert_eq!(kept, model.put(key(number), entry, now, wall));
                }
                Step::Remove(number) => prop_assert_eq!(cache.remove(&key(number)), model.remove(&key(number), now)),
                Step::Clear => {
                    cache.clear();
                    model.expire(now);
                    model.held.clear();
                }
                Step::Advance(by) => {
                    clock.advance(by);
                    now += by;
                }
                Step::Look => {
                    cache.settle();
                    model.expire(now);
                    prop_assert_eq!(cache.len(), model.held.len());
                    prop_assert_eq!(cache.bytes(), model.bytes());
                    prop_assert_eq!(cache.stats(), model.stats);
                }
            }
        }
        cache.settle();
        model.expire(now);
        prop_assert_eq!((cache.len(), cache.bytes()), (model.held.len(), model.bytes()));
        prop_assert_eq!(cache.stats(), model.stats);
    }

    /// No operation leaves more entries or more weight than the bounds allow, in any number of shards, and what is found
    /// is what was put last.
    #[test]
    fn the_bounds_hold_after_every_step(
        capacity in option::of(1usize..300),
        max_bytes in option::of(1u64..3000),
        shards in 1usize..9,
        steps in vec((0u64..400, 0u8..100, any::<bool>()), 0..400),
    ) {
        let mut builder = MemoryCache::builder().shards(shards).weigher(|_, entry| entry.size());
        builder = capacity.into_iter().fold(builder, |builder, capacity| builder.capacity(capacity));
        builder = max_bytes.into_iter().fold(builder, |builder, bytes| builder.max_bytes(bytes));
        let cache = builder.build().unwrap();
        let mut last = std::collections::BTreeMap::new();
        for (number, size, put) in steps {
            let key = crate::load::key(number);
            if put {
                let entry = Entry::new(vec![0; usize::from(size)], UnixNanos::from_nanos(u64::from(size)));
                let kept = cache.put(key, entry.clone());
                prop_assert_eq!(cache.get(&key).is_some(), kept);
                last.insert(key, entry);
            } else if let Some(found) = cache.get(&key) {
                prop_assert_eq!(Some(&found), last.get(&key));
            }
            prop_assert!(cache.len() <= capacity.unwrap_or(usize::MAX));
            prop_assert!(cache.bytes() <= max_bytes.unwrap_or(64 << 20));
        }
    }

    /// Every entry that was kept is still there, or was evicted, expired or removed: the books account for all of them,
    /// in number and in weight.
    #[test]
    fn no_entry_is_lost_from_the_books(
        max_bytes in 1u64..2000,
        ttl in option::of(nanos(1..40)),
        steps in vec((0u8..100, nanos(0..3), option::weighted(0.2, any::<prop::sample::Index>())), 0..150),
    ) {
        let clock = ManualClock::new();
        let builder = MemoryCache::builder().max_bytes(max_bytes).weigher(|_, entry| entry.size()).clock(clock.clone());
        let cache = ttl.into_iter().fold(builder, |builder, ttl| builder.ttl(ttl)).build().unwrap();
        let (mut kept, mut removed, mut sizes) = (0, 0, Vec::new());
        for (number, (size, by, remove)) in (0..).zip(steps) {
            clock.advance(by);
            let entry = Entry::new(vec![0; usize::from(size)], UnixNanos::EPOCH);
            kept += u64::from(cache.put(crate::load::key(number), entry));
            sizes.push(size);
            if let Some(which) = remove {
                removed += u64::from(cache.remove(&crate::load::key(which.index(sizes.len()) as u64)).is_some());
            }
        }
        cache.settle();
        let stats = cache.stats();
        prop_assert_eq!(stats.insertions, kept);
        prop_assert_eq!(kept, cache.len() as u64 + stats.evictions + stats.expirations + removed);
        let (bytes, len) = (cache.bytes(), cache.len());
        let found = (0..).zip(&sizes).filter(|(number, _)| cache.get(&crate::load::key(*number)).is_some());
        let found: Vec<u64> = found.map(|(_, size)| u64::from(*size)).collect();
        prop_assert_eq!((found.iter().sum::<u64>(), found.len()), (bytes, len));
        let stats = cache.stats();
        prop_assert_eq!(stats.hits + stats.misses, sizes.len() as u64);
    }

    /// However the clock steps, an entry that was seen expired is not seen again, and none outlives its lifetime by the
    /// latest time that was told.
    #[test]
    fn a_clock_that_steps_back_prolongs_no_life(times in vec((0u64..100, 0u8..4, any::<bool>()), 1..100)) {
        let clock = Arc::new(Unsteady::default());
        let ttl = Duration::from_nanos(10);
        let cache = MemoryCache::builder().ttl(ttl).clock(Arc::clone(&clock)).build().unwrap();
        let mut model = Model { ttl: Some(ttl), ..Model::default() };
        let latest = || Duration::from_nanos(*clock.told.lock().unwrap());
        for (time, number, put) in times {
            *clock.now.lock().unwrap() = time;
            if put {
                let entry = Entry::new("x", UnixNanos::EPOCH);
                let kept = cache.put(key(number), entry.clone());
                prop_assert_eq!(kept, model.put(key(number), entry, latest(), UnixNanos::EPOCH));
            } else {
                prop_assert_eq!(cache.get(&key(number)), model.get(&key(number), latest()));
            }
        }
    }

    /// Sums of what is saved stay at the largest number there is.
    #[test]
    fn what_is_saved_never_wraps(savings in vec((any::<u64>(), any::<u64>()), 1..20)) {
        let cache = MemoryCache::new(100).unwrap();
        let mut sum = Saving::NOTHING;
        for (tokens, micros) in savings {
            let saving = Saving::tokens(tokens).and_micros(micros);
            cache.put(key(1), Entry::new("x", UnixNanos::EPOCH).with_saving(saving));
            cache.get(&key(1));
            sum = sum.saturating_add(saving);
            prop_assert_eq!((cache.stats().tokens_saved, cache.stats().micros_saved), (sum.tokens, sum.micros));
        }
    }
}

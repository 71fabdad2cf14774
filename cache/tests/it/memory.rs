//! The tier inside the process, case by case: lifetimes, large entries, secrecy, configuration.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use steadfast_cache::{CacheKey, ConfigError, Entry, Freshness, Lifetime, MemoryCache, Saving};
use steadfast_clock::{Clock, ManualClock, Nanos, UnixNanos, Wall};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn key(number: u8) -> CacheKey {
    CacheKey::from_bytes([number; 32])
}

fn entry(body: &'static str) -> Entry {
    Entry::new(body, UnixNanos::EPOCH)
}

#[test]
fn a_lifetime_ends_on_the_nanosecond() {
    let clock = ManualClock::new();
    let cache = MemoryCache::builder().ttl(MINUTE).clock(clock.clone()).build().unwrap();
    cache.put(key(1), entry("x"));
    clock.advance(MINUTE - Duration::from_nanos(1));
    assert!(cache.get(&key(1)).is_some());
    clock.advance(Duration::from_nanos(1));
    assert!(cache.get(&key(1)).is_none());
    assert_eq!((cache.len(), cache.bytes(), cache.is_empty()), (0, 0, true));
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.expirations), (1, 1, 1));
}

#[test]
fn putting_again_begins_a_new_life() {
    let clock = ManualClock::new();
    let cache = MemoryCache::builder().ttl(MINUTE).clock(clock.clone()).build().unwrap();
    cache.put(key(1), entry("old"));
    clock.advance(40 * SECOND);
    cache.put(key(1), entry("new"));
    clock.advance(40 * SECOND);
    assert_eq!(cache.get(&key(1)), Some(entry("new")));
    assert_eq!(cache.stats().insertions, 2);
}

#[test]
fn being_asked_for_keeps_an_entry_from_being_idle() {
    let clock = ManualClock::new();
    let cache = MemoryCache::builder().idle(MINUTE).ttl(3 * MINUTE).clock(clock.clone()).build().unwrap();
    cache.put(key(1), entry("asked for"));
    cache.put(key(2), entry("forgotten"));
    for _ in 0..4 {
        clock.advance(40 * SECOND);
        assert!(cache.get(&key(1)).is_some());
    }
    assert!(cache.get(&key(2)).is_none());
    clock.advance(20 * SECOND);
    assert!(cache.get(&key(1)).is_none());
}

#[test]
fn an_own_lifetime_counts_from_when_the_answer_was_given() {
    let clock = ManualClock::new();
    let cache = MemoryCache::builder().ttl(MINUTE).clock(clock.clone()).build().unwrap();
    let lifetime = Lifetime::fresh_for(30 * SECOND).stale_for(10 * SECOND);
    let entry = entry_given(&clock).with_lifetime(lifetime);
    clock.advance(20 * SECOND);
    assert!(cache.put(key(1), entry.clone()));
    clock.advance(10 * SECOND);
    assert_eq!(cache.get(&key(1)).map(|entry| entry.freshness(clock.wall())), Some(Freshness::Stale));
    clock.advance(10 * SECOND);
    assert!(cache.get(&key(1)).is_none());
    assert!(!cache.put(key(1), entry));
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.stale_hits, stats.misses, stats.insertions), (1, 1, 1, 1));
}

fn entry_given(wall: &impl Wall) -> Entry {
    Entry::new("x", wall.wall())
}

#[test]
fn the_calendar_stepping_back_prolongs_no_life() {
    let clock = ManualClock::new();
    let cache = MemoryCache::builder().clock(clock.clone()).build().unwrap();
    cache.put(key(1), entry_given(&clock).with_lifetime(Lifetime::fresh_for(MINUTE)));
    clock.set_wall(UnixNanos::EPOCH);
    cache.put(key(2), entry("given later than now").with_lifetime(Lifetime::fresh_for(MINUTE)));
    clock.advance(MINUTE);
    assert!(cache.get(&key(1)).is_none());
    assert!(cache.get(&key(2)).is_none());
}

#[test]
fn what_has_expired_frees_its_room_without_being_asked_for() {
    let clock = ManualClock::new();
    let cache = MemoryCache::builder().ttl(MINUTE).clock(clock.clone()).build().unwrap();
    (0..100).for_each(|number| assert!(cache.put(key(number), entry("x"))));
    clock.advance(MINUTE);
    assert_eq!(cache.len(), 100);
    for put in 1..=6 {
        cache.put(key(200), entry("y"));
        assert_eq!(cache.len(), 100 - 16 * put + 1);
    }
    cache.put(key(200), entry("y"));
    assert_eq!((cache.len(), cache.stats().expirations, cache.stats().evictions), (1, 100, 0));
}

#[test]
fn entries_without_end_make_those_with_one_go() {
    let clock = ManualClock::new();
    let cache = MemoryCache::builder().clock(clock.clone()).build().unwrap();
    cache.put(key(1), entry_given(&clock).with_lifetime(Lifetime::fresh_for(SECOND)));
    clock.advance(SECOND);
    cache.put(key(2), entry("x"));
    assert_eq!((cache.len(), cache.stats().expirations), (1, 1));
}

#[test]
fn settling_lets_go_of_all_that_has_expired() {
    let clock = ManualClock::new();
    let cache = MemoryCache::builder().idle(MINUTE).clock(clock.clone()).build().unwrap();
    (0..100).for_each(|number| assert!(cache.put(key(number), entry("x"))));
    clock.advance(30 * SECOND);
    (0..40).for_each(|number| assert!(cache.get(&key(number)).is_some()));
    clock.advance(30 * SECOND);
    cache.settle();
    assert_eq!((cache.len(), cache.stats().expirations), (40, 60));
    clock.advance(30 * SECOND);
    cache.settle();
    assert_eq!((cache.len(), cache.bytes()), (0, 0));
}

/// A clock that counts how often it is read.
#[derive(Clone, Default)]
struct Counted(Arc<AtomicU64>);

impl Clock for Counted {
    fn now(&self) -> Nanos {
        Nanos::from_nanos(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

impl Wall for Counted {
    fn wall(&self) -> UnixNanos {
        UnixNanos::from_nanos(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

#[test]
fn without_lifetimes_no_clock_is_read() {
    let clock = Counted::default();
    let cache = MemoryCache::builder().clock(clock.clone()).build().unwrap();
    cache.put(key(1), entry("x"));
    cache.put(key(1), entry("y"));
    cache.get(&key(1));
    cache.get(&key(2));
    cache.remove(&key(1));
    cache.settle();
    cache.clear();
    assert_eq!(clock.0.load(Ordering::Relaxed), 0);
    cache.put(key(1), entry("x").with_lifetime(Lifetime::fresh_for(MINUTE)));
    assert_eq!(clock.0.load(Ordering::Relaxed), 2);
}

#[test]
fn a_hit_allocates_nothing() {
    let cache = MemoryCache::builder().ttl(MINUTE).idle(MINUTE).build().unwrap();
    cache.put(key(1), entry("x").with_saving(Saving::tokens(1)));
    cache.get(&key(1));
    assert_eq!(allocation_counter::measure(|| assert!(cache.get(&key(1)).is_some())).count_total, 0);
    assert_eq!(allocation_counter::measure(|| assert!(cache.get(&key(2)).is_none())).count_total, 0);
}

#[test]
fn ends_of_what_is_long_gone_are_forgotten() {
    let cache = MemoryCache::builder().capacity(2).ttl(MINUTE).clock(ManualClock::new()).build().unwrap();
    let held = allocation_counter::measure(|| {
        for number in 0..10_000u16 {
            let [a, b] = number.to_le_bytes();
            cache.put(CacheKey::from_bytes([a; 32]), entry("x"));
            cache.put(CacheKey::from_bytes([b; 32]), entry("x"));
        }
    });
    assert!(held.bytes_current < 16 * 1024, "{held:?}");
}

#[test]
fn an_entry_that_is_too_large_evicts_nothing_but_its_predecessor() {
    let cache = MemoryCache::builder().max_bytes(100).weigher(|_, entry| entry.size()).build().unwrap();
    assert!(cache.put(key(1), entry("abc")));
    assert!(cache.put(key(2), entry("abc")));
    assert!(!cache.put(key(2), Entry::new(vec![0; 101], UnixNanos::EPOCH)));
    assert!(cache.get(&key(1)).is_some());
    assert!(cache.get(&key(2)).is_none());
    assert_eq!((cache.bytes(), cache.stats().evictions), (3, 0));
    assert!(cache.put(key(3), Entry::new(vec![0; 96], UnixNanos::EPOCH)));
    assert_eq!((cache.len(), cache.bytes(), cache.stats().evictions), (2, 99, 0));
    assert!(!cache.put(key(4), Entry::new(vec![0; 97], UnixNanos::EPOCH)));
}

#[test]
fn one_entry_may_be_all_there_is_room_for() {
    let cache = MemoryCache::builder().capacity(1).max_bytes(MemoryCache::OVERHEAD + 80).build().unwrap();
    assert!(cache.put(key(1), Entry::new(vec![0; 80], UnixNanos::EPOCH)));
    assert!(cache.put(key(2), entry("x")));
    assert_eq!((cache.len(), cache.stats().evictions), (1, 1));
    assert!(!cache.put(key(3), Entry::new(vec![0; 81], UnixNanos::EPOCH)));
}

#[test]
fn with_both_bounds_an_entry_counts_as_the_larger_share() {
    let cache = MemoryCache::builder().capacity(10).max_bytes(1000).weigher(|_, entry| entry.size()).build().unwrap();
    for number in 0..8 {
        assert!(cache.put(key(number), entry("small")));
    }
    assert!(cache.put(key(8), Entry::new(vec![0; 200], UnixNanos::EPOCH)));
    assert_eq!((cache.len(), cache.stats().evictions), (9, 0));
    assert!(cache.put(key(9), entry("small")));
    assert_eq!(cache.stats().evictions, 1);
}

#[test]
fn exactly_as_many_entries_as_there_is_room_for_are_kept() {
    for capacity in [1u8, 2, 3, 10, 31, 33, 100, 250] {
        let cache = MemoryCache::new(usize::from(capacity)).unwrap();
        (0..capacity).for_each(|number| assert!(cache.put(key(number), entry("x"))));
        assert_eq!(cache.len(), usize::from(capacity));
        (0..capacity).for_each(|number| assert!(cache.get(&key(number)).is_some()));
        cache.put(key(255), entry("x"));
        assert_eq!((cache.len(), cache.stats().evictions), (usize::from(capacity), 1));
    }
}

#[test]
fn hits_tell_what_they_saved() {
    let cache = MemoryCache::new(3).unwrap();
    cache.put(key(1), entry("x").with_saving(Saving::tokens(120).and_micros(7)));
    cache.put(key(2), entry("refused").negative());
    cache.get(&key(1));
    cache.get(&key(1));
    cache.get(&key(2));
    let stats = cache.stats();
    assert_eq!((stats.tokens_saved, stats.micros_saved), (240, 14));
    assert_eq!((stats.hits, stats.negative_hits, stats.stale_hits), (3, 1, 0));
}

#[test]
fn removing_returns_the_entry() {
    let cache = MemoryCache::new(3).unwrap();
    cache.put(key(1), entry("x"));
    assert_eq!(cache.remove(&key(1)), Some(entry("x")));
    assert_eq!(cache.remove(&key(1)), None);
    assert!(cache.is_empty());
}

#[test]
fn clearing_lets_go_of_everything() {
    let cache = MemoryCache::builder().ttl(MINUTE).clock(ManualClock::new()).build().unwrap();
    (0..50).for_each(|number| assert!(cache.put(key(number), entry("x"))));
    cache.clear();
    assert_eq!((cache.len(), cache.bytes()), (0, 0));
    assert!((0..50).all(|number| cache.get(&key(number)).is_none()));
    assert!(cache.put(key(1), entry("y")) && cache.get(&key(1)).is_some());
    assert_eq!(cache.stats().evictions, 0);
}

#[test]
fn the_hit_rate_of_no_look_up_is_none() {
    let cache = MemoryCache::new(3).unwrap();
    assert_eq!(cache.stats().hit_rate(), None);
    cache.put(key(1), entry("x"));
    cache.get(&key(1));
    cache.get(&key(2));
    assert_eq!(cache.stats().hit_rate(), Some(0.5));
}

#[test]
fn clones_share_one_cache() {
    let cache = MemoryCache::new(3).unwrap();
    cache.clone().put(key(1), entry("x"));
    assert!(cache.get(&key(1)).is_some());
}

#[test]
fn a_body_may_use_the_cache_while_it_is_dropped() {
    /// A buffer that uses its cache at its end.
    struct Nosy(MemoryCache<ManualClock>, Arc<Mutex<Vec<usize>>>);

    impl AsRef<[u8]> for Nosy {
        fn as_ref(&self) -> &[u8] {
            b"nosy"
        }
    }

    impl Drop for Nosy {
        fn drop(&mut self) {
            self.1.lock().unwrap().push(self.0.len());
            self.0.settle();
            self.0.remove(&key(9));
            self.0.put(key(9), entry("x"));
            self.0.clear();
        }
    }

    let clock = ManualClock::new();
    let cache = MemoryCache::builder().capacity(1).max_bytes(1000).ttl(MINUTE).clock(clock.clone()).build().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let nosy = || Entry::new(Bytes::from_owner(Nosy(cache.clone(), Arc::clone(&seen))), UnixNanos::EPOCH);
    let check = |lens: &[usize]| assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), lens);
    cache.put(key(1), nosy());
    cache.put(key(1), entry("replaces"));
    check(&[1]);
    cache.put(key(1), nosy());
    cache.put(key(2), entry("evicts"));
    check(&[1]);
    cache.put(key(3), nosy().with_note("too", "large".repeat(200)));
    check(&[0]);
    cache.put(key(2), nosy());
    cache.remove(&key(2));
    check(&[0]);
    cache.put(key(2), nosy());
    cache.clear();
    check(&[0]);
    cache.put(key(2), nosy());
    clock.advance(MINUTE);
    cache.settle();
    check(&[0]);
    cache.put(key(2), nosy());
    clock.advance(MINUTE);
    cache.put(key(3), entry("sweeps"));
    check(&[1]);
    cache.put(key(2), nosy());
    clock.advance(MINUTE);
    cache.get(&key(2));
    check(&[0]);
}

#[test]
fn debug_shows_no_contents() {
    let cache = MemoryCache::new(3).unwrap();
    let secret = entry("secret").with_note("model", "secret");
    let shown = format!("{secret:?}");
    assert!(shown.contains("len: 6") && shown.contains("model") && !shown.contains("secret"), "{shown}");
    cache.put(key(1), secret);
    let shown = format!("{cache:?}");
    assert!(shown.contains("len: 1") && !shown.contains("secret"), "{shown}");
    assert_eq!(format!("{:?}", key(0xab)), "CacheKey(abababab…)");
}

#[test]
fn a_key_is_its_bytes() {
    assert_eq!(CacheKey::from([7; 32]), key(7));
    assert_eq!(key(7).as_bytes(), &[7; 32]);
}

#[test]
fn an_age_is_told_by_the_calendar() {
    let entry = Entry::new("x", UnixNanos::from_secs(100));
    assert_eq!(entry.age(UnixNanos::from_secs(160)), MINUTE);
    assert_eq!(entry.age(UnixNanos::from_secs(40)), Duration::ZERO);
}

#[test]
fn a_bound_of_zero_is_refused() {
    fn check(result: Result<MemoryCache, ConfigError>, error: ConfigError, line: &str) {
        assert_eq!(result.err(), Some(error));
        assert_eq!(error.to_string(), line);
    }
    let builder = MemoryCache::builder;
    check(MemoryCache::new(0), ConfigError::ZeroCapacity, "capacity is 0 entries; it must be at least 1");
    check(builder().max_bytes(0).build(), ConfigError::ZeroBytes, "max_bytes is 0; it must be at least 1");
    check(builder().ttl(Duration::ZERO).build(), ConfigError::ZeroTtl, "ttl is zero; it must be longer");
    check(builder().idle(Duration::ZERO).build(), ConfigError::ZeroIdle, "idle is zero; it must be longer");
    check(builder().shards(0).build(), ConfigError::ZeroShards, "shards is 0; it must be at least 1");
    check(builder().shards(1025).build(), ConfigError::TooManyShards, "shards is more than 1024, which is the most");
}

#[test]
fn the_largest_bounds_are_no_trouble() {
    let clock = ManualClock::new();
    let builder = MemoryCache::builder().capacity(usize::MAX).max_bytes(u64::MAX).shards(1024);
    let cache = builder.ttl(Duration::MAX).idle(Duration::MAX).clock(clock.clone()).build().unwrap();
    let endless = Lifetime::fresh_for(Duration::MAX).stale_for(Duration::MAX);
    cache.put(key(1), entry("x"));
    cache.put(key(2), entry("x").with_lifetime(endless));
    clock.advance(Duration::MAX);
    cache.put(key(3), entry("x"));
    cache.settle();
    assert_eq!((1..=3).filter(|number| cache.get(&key(*number)).is_some()).count(), 3);
}

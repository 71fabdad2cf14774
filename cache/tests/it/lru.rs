//! The LRU, case by case: eviction, lifetime, large entries, secrecy, configuration.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use steadfast_cache::{CacheKey, ConfigError, Entry, Lru};
use steadfast_clock::{ManualClock, UnixNanos};

fn key(number: u8) -> CacheKey {
    CacheKey::from_bytes([number; 32])
}

fn entry(body: &'static str) -> Entry {
    Entry::new(body, UnixNanos::EPOCH)
}

#[test]
fn the_least_recently_used_entry_is_evicted() {
    let cache = Lru::new(3).unwrap();
    for number in 1..=3 {
        cache.put(key(number), entry("x"));
    }
    assert!(cache.get(&key(1)).is_some());
    cache.put(key(2), entry("y"));
    cache.put(key(4), entry("x"));
    assert!(cache.get(&key(3)).is_none());
    for number in [1, 2, 4] {
        assert!(cache.get(&key(number)).is_some(), "{number}");
    }
    assert_eq!(cache.stats().evictions, 1);
}

#[test]
fn a_lifetime_ends_on_the_nanosecond() {
    let clock = ManualClock::new();
    let ttl = Duration::from_secs(60);
    let cache = Lru::builder().ttl(ttl).clock(clock.clone()).build().unwrap();
    cache.put(key(1), entry("x"));
    clock.advance(ttl - Duration::from_nanos(1));
    assert!(cache.get(&key(1)).is_some());
    clock.advance(Duration::from_nanos(1));
    assert_eq!((cache.len(), cache.bytes(), cache.is_empty()), (0, 0, true));
    assert!(cache.get(&key(1)).is_none());
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.expirations), (1, 1, 1));
}

#[test]
fn putting_again_begins_a_new_life() {
    let clock = ManualClock::new();
    let cache = Lru::builder().ttl(Duration::from_secs(60)).clock(clock.clone()).build().unwrap();
    cache.put(key(1), entry("old"));
    clock.advance(Duration::from_secs(40));
    cache.put(key(1), entry("new"));
    clock.advance(Duration::from_secs(40));
    assert_eq!(cache.get(&key(1)), Some(entry("new")));
    assert_eq!(cache.stats().insertions, 2);
}

#[test]
fn an_expired_entry_is_never_the_reason_for_an_eviction() {
    let clock = ManualClock::new();
    let cache = Lru::builder().capacity(2).ttl(Duration::from_secs(60)).clock(clock.clone()).build().unwrap();
    cache.put(key(1), entry("x"));
    clock.advance(Duration::from_secs(50));
    cache.put(key(2), entry("x"));
    cache.get(&key(1));
    clock.advance(Duration::from_secs(10));
    cache.put(key(3), entry("x"));
    assert!(cache.get(&key(2)).is_some());
    let stats = cache.stats();
    assert_eq!((stats.evictions, stats.expirations), (0, 1));
}

#[test]
fn an_entry_that_is_too_large_evicts_nothing_but_its_predecessor() {
    let cache = Lru::builder().max_bytes(6).build().unwrap();
    assert!(cache.put(key(1), entry("abc")));
    assert!(cache.put(key(2), entry("abc")));
    assert!(!cache.put(key(2), entry("abcdefg")));
    assert!(cache.get(&key(1)).is_some());
    assert!(cache.get(&key(2)).is_none());
    assert_eq!(cache.stats().evictions, 0);
    assert!(cache.put(key(3), entry("abcdef")));
    assert_eq!((cache.len(), cache.bytes(), cache.stats().evictions), (1, 6, 1));
}

#[test]
fn notes_count_against_the_byte_bound() {
    let cache = Lru::builder().max_bytes(10).build().unwrap();
    assert!(cache.put(key(1), entry("abc").with_note("n", "123456")));
    assert_eq!(cache.bytes(), 10);
    assert!(!cache.put(key(2), entry("abc").with_note("n", "1234567")));
}

#[test]
fn removing_returns_the_entry() {
    let cache = Lru::new(3).unwrap();
    cache.put(key(1), entry("x"));
    assert_eq!(cache.remove(&key(1)), Some(entry("x")));
    assert_eq!(cache.remove(&key(1)), None);
    assert!(cache.is_empty());
}

#[test]
fn the_hit_rate_of_no_look_up_is_none() {
    let cache = Lru::new(3).unwrap();
    assert_eq!(cache.stats().hit_rate(), None);
    cache.put(key(1), entry("x"));
    cache.get(&key(1));
    cache.get(&key(2));
    assert_eq!(cache.stats().hit_rate(), Some(0.5));
}

#[test]
fn clones_share_one_cache() {
    let cache = Lru::new(3).unwrap();
    cache.clone().put(key(1), entry("x"));
    assert!(cache.get(&key(1)).is_some());
}

#[test]
fn a_body_may_use_the_cache_while_it_is_dropped() {
    /// A buffer that looks into its cache at its end.
    struct Nosy(Lru, Arc<Mutex<Vec<usize>>>);

    impl AsRef<[u8]> for Nosy {
        fn as_ref(&self) -> &[u8] {
            b"nosy"
        }
    }

    impl Drop for Nosy {
        fn drop(&mut self) {
            self.1.lock().unwrap().push(self.0.len());
        }
    }

    let cache = Lru::builder().capacity(1).max_bytes(10).build().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let nosy = || Entry::new(Bytes::from_owner(Nosy(cache.clone(), Arc::clone(&seen))), UnixNanos::EPOCH);
    cache.put(key(1), nosy());
    cache.put(key(1), nosy()); // replaced
    cache.put(key(2), nosy()); // evicted
    cache.put(key(3), nosy().with_note("too", "large")); // refused
    cache.remove(&key(2));
    assert_eq!(*seen.lock().unwrap(), [1, 1, 1, 0]);
}

#[test]
fn debug_shows_no_contents() {
    let cache = Lru::new(3).unwrap();
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
    assert_eq!(entry.age(UnixNanos::from_secs(160)), Duration::from_secs(60));
    assert_eq!(entry.age(UnixNanos::from_secs(40)), Duration::ZERO);
}

#[test]
fn a_bound_of_zero_is_refused() {
    fn check(result: Result<Lru, ConfigError>, error: ConfigError, line: &str) {
        assert_eq!(result.err(), Some(error));
        assert_eq!(error.to_string(), line);
    }
    check(Lru::new(0), ConfigError::ZeroCapacity, "capacity is 0 entries; it must be at least 1");
    check(Lru::builder().max_bytes(0).build(), ConfigError::ZeroBytes, "max_bytes is 0; it must be at least 1");
    check(Lru::builder().ttl(Duration::ZERO).build(), ConfigError::ZeroTtl, "ttl is zero; it must be longer");
}

#[test]
fn the_largest_bounds_are_no_trouble() {
    let clock = ManualClock::new();
    let cache = Lru::builder()
        .capacity(usize::MAX)
        .max_bytes(u64::MAX)
        .ttl(Duration::MAX)
        .clock(clock.clone())
        .build()
        .unwrap();
    cache.put(key(1), entry("x"));
    clock.advance(Duration::MAX);
    assert!(cache.get(&key(1)).is_some());
}

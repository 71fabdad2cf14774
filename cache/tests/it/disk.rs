//! What the tier on disk promises: what outlives the process, and what becomes of files that are not as they were left.

mod files;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use steadfast_cache::{Cache, CacheKey, ConfigError, DiskCache, DiskCacheBuilder, Entry, Lifetime, OpenError, Saving};
use steadfast_clock::{ManualClock, UnixNanos, Wall};
use tempfile::TempDir;

fn key(number: u8) -> CacheKey {
    CacheKey::from_bytes([number; 32])
}

/// A place for a cache, and its calendar.
struct Place {
    folder: TempDir,
    clock: ManualClock,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), clock: ManualClock::new() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("answers.sqlite")
    }

    fn builder(&self) -> DiskCacheBuilder {
        DiskCache::builder(self.path()).wall(self.clock.clone())
    }

    fn open(&self) -> DiskCache {
        self.builder().open().unwrap()
    }

    fn entry(&self, body: &'static str) -> Entry {
        Entry::new(body, self.clock.wall())
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn an_entry_outlives_the_process_with_all_that_is_known_of_it() {
    let place = Place::new();
    let full = place
        .entry("an answer")
        .with_note("model", "small-1")
        .with_note("", "")
        .with_lifetime(Lifetime::fresh_for(60 * SECOND).stale_for(30 * SECOND))
        .with_saving(Saving::tokens(u64::MAX).and_micros(7))
        .negative();
    let bare = Entry::new(vec![0, 255], UnixNanos::from_nanos(u64::MAX));
    let endless = Entry::new("", UnixNanos::EPOCH).with_lifetime(Lifetime::fresh_for(Duration::from_nanos(1 << 62)));
    let cache = place.open();
    for (number, entry) in (0..).zip([&full, &bare, &endless]) {
        assert!(cache.put_blocking(key(number), entry).unwrap());
    }
    drop(cache);
    let cache = place.open();
    for (number, entry) in (0..).zip([full, bare, endless]) {
        assert_eq!(cache.get_blocking(&key(number)).unwrap(), Some(entry));
    }
    assert_eq!((cache.len_blocking().unwrap(), cache.stats().hits), (3, 3));
}

#[test]
fn the_shorter_of_both_lifetimes_rules_and_reading_prolongs_none() {
    let place = Place::new();
    let cache = place.builder().ttl(60 * SECOND).open().unwrap();
    let short = Lifetime::fresh_for(10 * SECOND).stale_for(10 * SECOND);
    cache.put_blocking(key(1), &place.entry("short").with_lifetime(short)).unwrap();
    cache.put_blocking(key(2), &place.entry("long").with_lifetime(Lifetime::fresh_for(3600 * SECOND))).unwrap();
    cache.put_blocking(key(3), &place.entry("none")).unwrap();
    let alive = |cache: &DiskCache| [1, 2, 3].map(|number| cache.get_blocking(&key(number)).unwrap().is_some());
    place.clock.advance(19 * SECOND);
    assert_eq!(alive(&cache), [true, true, true]);
    place.clock.advance(SECOND);
    assert_eq!(alive(&cache), [false, true, true]);
    place.clock.advance(39 * SECOND);
    assert_eq!(alive(&cache), [false, true, true]);
    drop(cache);
    // The store's lifetime is that of the handle that put.
    let again = place.open();
    assert_eq!(alive(&again), [false, true, true]);
    place.clock.advance(SECOND);
    assert_eq!(alive(&again), [false, false, false]);
    assert_eq!((again.stats().expirations, again.len_blocking().unwrap()), (2, 0));
}

#[test]
fn an_entry_that_has_expired_already_is_not_kept_and_its_predecessor_is_gone() {
    let place = Place::new();
    let cache = place.open();
    cache.put_blocking(key(1), &place.entry("old")).unwrap();
    let late = place.entry("late").with_lifetime(Lifetime::fresh_for(SECOND));
    place.clock.advance(SECOND);
    assert!(!cache.put_blocking(key(1), &late).unwrap());
    assert_eq!(cache.get_blocking(&key(1)).unwrap(), None);
    assert_eq!(cache.stats().insertions, 1);
}

#[test]
fn an_entry_that_the_calendar_says_was_put_tomorrow_is_let_go() {
    let place = Place::new();
    let ahead = ManualClock::new();
    ahead.advance(SECOND);
    let cache = place.builder().wall(ahead).open().unwrap();
    cache.put_blocking(key(1), &place.entry("x")).unwrap();
    let behind = place.open();
    assert_eq!(behind.get_blocking(&key(1)).unwrap(), None);
    assert_eq!(cache.get_blocking(&key(1)).unwrap(), None);
}

/// A calendar that does something whenever it is read, and then tells what it read before.
struct Slow(ManualClock, Box<dyn Fn() + Send + Sync>);

impl Wall for Slow {
    fn wall(&self) -> UnixNanos {
        let now = self.0.wall();
        (self.1)();
        now
    }
}

#[test]
fn an_entry_that_another_handle_puts_meanwhile_is_not_of_the_future() {
    let place = Place::new();
    let other = place.open();
    other.put_blocking(key(1), &place.entry("old")).unwrap();
    let (clock, entry) = (place.clock.clone(), place.entry("new"));
    let meanwhile = move || {
        clock.advance(SECOND);
        assert!(other.put_blocking(key(1), &entry).unwrap());
    };
    let slow = place.builder().wall(Slow(place.clock.clone(), Box::new(meanwhile))).open().unwrap();
    assert_eq!(slow.get_blocking(&key(1)).unwrap().unwrap().value(), "old");
    assert_eq!(place.open().get_blocking(&key(1)).unwrap().unwrap().value(), "new");
}

#[test]
fn nobody_else_writes_between_the_time_of_a_put_and_the_put() {
    let place = Place::new();
    let other = rusqlite::Connection::open(place.path()).unwrap();
    other.busy_timeout(Duration::ZERO).unwrap();
    let other = Mutex::new(other);
    let meanwhile = move || assert!(other.lock().unwrap().execute_batch("BEGIN IMMEDIATE").is_err());
    let slow = place.builder().wall(Slow(place.clock.clone(), Box::new(meanwhile))).open().unwrap();
    assert!(slow.put_blocking(key(1), &place.entry("x")).unwrap());
}

#[test]
fn the_least_recently_used_entry_makes_room() {
    let place = Place::new();
    let cache = place.builder().max_bytes(3 * 257).use_resolution(Duration::ZERO).open().unwrap();
    for number in 1..=3 {
        place.clock.advance(SECOND);
        cache.put_blocking(key(number), &place.entry("x")).unwrap();
    }
    place.clock.advance(SECOND);
    assert!(cache.get_blocking(&key(1)).unwrap().is_some());
    assert!(cache.put_blocking(key(4), &place.entry("x")).unwrap());
    assert_eq!(cache.get_blocking(&key(2)).unwrap(), None);
    assert_eq!(cache.bytes_blocking().unwrap(), 3 * 257);
    assert!(!cache.put_blocking(key(5), &Entry::new(vec![0; 800], place.clock.wall())).unwrap());
    assert_eq!((cache.len_blocking().unwrap(), cache.stats().evictions), (3, 1));
    drop(cache);
    // A smaller bound takes effect with the next put.
    let cache = place.builder().max_bytes(257).open().unwrap();
    assert!(cache.put_blocking(key(6), &place.entry("x")).unwrap());
    assert_eq!((cache.len_blocking().unwrap(), cache.stats().evictions), (1, 3));
}

#[test]
fn an_expired_entry_is_never_the_reason_for_an_eviction_and_is_let_go_unasked() {
    let place = Place::new();
    let cache = place.builder().max_bytes(40 * 257).open().unwrap();
    let brief = place.entry("x").with_lifetime(Lifetime::fresh_for(SECOND));
    for number in 0..40 {
        cache.put_blocking(key(number), &brief).unwrap();
    }
    place.clock.advance(SECOND);
    // One put lets go of 32, the next of the rest.
    for (number, left) in [(100, 9), (101, 2)] {
        assert!(cache.put_blocking(key(number), &place.entry("x")).unwrap());
        assert_eq!(cache.len_blocking().unwrap(), left);
    }
    let stats = cache.stats();
    assert_eq!((stats.evictions, stats.expirations), (0, 40));
}

#[test]
fn removing_and_clearing_let_go_of_it_in_every_handle() {
    let place = Place::new();
    let (one, other) = (place.open(), place.open());
    one.put_blocking(key(1), &place.entry("x")).unwrap();
    one.put_blocking(key(2), &place.entry("y")).unwrap();
    assert!(other.get_blocking(&key(1)).unwrap().is_some());
    assert!(other.remove_blocking(&key(1)).unwrap());
    assert!(!one.remove_blocking(&key(1)).unwrap());
    assert_eq!(one.get_blocking(&key(1)).unwrap(), None);
    other.clear_blocking().unwrap();
    assert_eq!((one.len_blocking().unwrap(), one.bytes_blocking().unwrap()), (0, 0));
}

#[test]
fn hits_say_what_they_were_good_for() {
    let place = Place::new();
    let cache = place.open();
    let lifetime = Lifetime::fresh_for(SECOND).stale_for(SECOND);
    let entry = place.entry("x").with_lifetime(lifetime).with_saving(Saving::tokens(57).and_micros(3));
    cache.put_blocking(key(1), &entry).unwrap();
    cache.put_blocking(key(2), &place.entry("no").negative()).unwrap();
    for number in [1, 2, 3] {
        cache.get_blocking(&key(number)).unwrap();
    }
    place.clock.advance(SECOND);
    cache.get_blocking(&key(1)).unwrap();
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.stale_hits, stats.negative_hits), (3, 1, 1, 1));
    assert_eq!((stats.tokens_saved, stats.micros_saved), (2 * 57, 2 * 3));
}

#[test]
fn threads_with_handles_of_their_own_lose_nothing() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let place = &place;
            scope.spawn(move || {
                let cache = place.open();
                for number in 0..20 {
                    let number = thread * 20 + number;
                    assert!(cache.put_blocking(key(number), &Entry::new(vec![number], place.clock.wall())).unwrap());
                }
            });
        }
    });
    let cache = place.open();
    for number in 0..80 {
        assert_eq!(cache.get_blocking(&key(number)).unwrap().unwrap().value()[..], [number]);
    }
    assert_eq!(cache.len_blocking().unwrap(), 80);
}

#[tokio::test]
async fn the_trait_does_the_same_inside_of_a_runtime() {
    let place = Place::new();
    let cache: Arc<dyn Cache> = Arc::new(place.open());
    let puts: Vec<_> = (0..20)
        .map(|number| {
            let (cache, entry) = (Arc::clone(&cache), place.entry("x"));
            tokio::spawn(async move { cache.put(key(number), entry).await })
        })
        .collect();
    for put in puts {
        assert!(put.await.unwrap().unwrap());
    }
    assert!(cache.get(&key(7)).await.unwrap().is_some());
    assert!(cache.remove(&key(7)).await.unwrap());
    assert_eq!(cache.get(&key(7)).await.unwrap(), None);
}

#[test]
fn the_trait_does_the_same_outside_of_a_runtime() {
    use std::task::{Context, Poll, Waker};

    let place = Place::new();
    let cache = place.open();
    let mut put = Cache::put(&cache, key(1), place.entry("x"));
    assert!(matches!(put.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(true))));
}

#[test]
fn a_bound_of_zero_is_refused() {
    let place = Place::new();
    let zero = |builder: DiskCacheBuilder| match builder.open() {
        Err(OpenError::Config(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(zero(place.builder().max_bytes(0)), ConfigError::ZeroBytes);
    assert_eq!(zero(place.builder().ttl(Duration::ZERO)), ConfigError::ZeroTtl);
    assert!(!place.path().exists());
}

#[test]
fn debug_and_errors_show_no_contents() {
    let place = Place::new();
    let cache = place.open();
    cache.put_blocking(key(1), &place.entry("secret").with_note("model", "secret")).unwrap();
    let shown = format!("{cache:?} {:?}", place.builder());
    assert!(shown.contains("answers.sqlite") && !shown.contains("secret"), "{shown}");
    files::damage(&place.path(), "UPDATE bodies SET body = CAST('secret too' AS BLOB)");
    let error = cache.get_blocking(&key(1)).unwrap_err();
    let shown = format!("{error:?} {error}");
    assert!(!shown.contains("secret"), "{shown}");
}

/// What a cache said.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn listen(&self, builder: DiskCacheBuilder) -> DiskCacheBuilder {
        let told = self.clone();
        builder.on_notice(move |notice| told.0.lock().unwrap().push(notice.to_string()))
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

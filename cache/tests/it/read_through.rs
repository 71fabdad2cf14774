//! Get or fetch: the timeline of an answer, refusals, refreshes, a cache that fails, and the herd at expiry.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use steadfast_cache::{
    Cache, CacheKey, Entry, Fetched, FlightError, How, Lifetime, ReadThrough, ReadThroughStats, Saving, Served,
};
use steadfast_clock::{ManualClock, Wall};

use crate::calls::{Calls, Deed, mix, settle};
use crate::map::Map;

type Reader = ReadThrough<Arc<Map>, &'static str>;

const KEY: CacheKey = CacheKey::from_bytes([7; 32]);
const SECOND: Duration = Duration::from_secs(1);

/// Fresh for 60 s, then stale for 30 s.
fn lifetime() -> Lifetime {
    Lifetime::fresh_for(60 * SECOND).stale_for(30 * SECOND)
}

struct Bench {
    clock: ManualClock,
    calls: Calls,
    map: Arc<Map>,
    reader: Reader,
}

impl Bench {
    fn new() -> Self {
        let (clock, map) = (ManualClock::new(), Arc::new(Map::default()));
        let reader = Reader::builder(Arc::clone(&map)).clock(clock.clone()).build();
        Self { clock, calls: Calls::default(), map, reader }
    }

    /// Asks; a call brings the number that it is told, in an entry that lives as above.
    fn ask(&self) -> impl Future<Output = Result<Served, FlightError<&'static str>>> + Send + 'static + use<> {
        self.ask_for(Fetched::Keep)
    }

    fn ask_for(
        &self,
        kind: fn(Entry) -> Fetched,
    ) -> impl Future<Output = Result<Served, FlightError<&'static str>>> + Send + 'static + use<> {
        let (reader, calls, clock) = (self.reader.clone(), self.calls.clone(), self.clock.clone());
        async move {
            let fetch = move || async move {
                let number = calls.call(1).await?;
                Ok(kind(entry(number, &clock)))
            };
            reader.get_or_fetch(KEY, fetch).await
        }
    }

    /// Asks, and lets the call land at once.
    async fn ask_and_land(&self, kind: fn(Entry) -> Fetched, number: u32) -> Served {
        let asked = tokio::spawn(self.ask_for(kind));
        settle().await;
        assert!(self.calls.tell(1, Deed::Land(number)));
        asked.await.unwrap().unwrap()
    }

    fn begun(&self) -> usize {
        self.calls.book(1).0
    }

    fn stats(&self) -> ReadThroughStats {
        self.reader.stats()
    }
}

fn entry(number: u32, clock: &ManualClock) -> Entry {
    Entry::new(number.to_string(), clock.wall()).with_lifetime(lifetime()).with_saving(Saving::tokens(10))
}

/// Checks what was served: which number, and how.
fn check(served: &Served, number: u32, how: How) {
    assert_eq!((served.entry.value().as_ref(), served.how), (number.to_string().as_bytes(), how));
}

#[tokio::test]
async fn an_answer_is_fresh_then_stale_and_refreshed_once() {
    let bench = Bench::new();
    check(&bench.ask_and_land(Fetched::Keep, 1).await, 1, How::Fetched);
    bench.clock.advance(59 * SECOND);
    let served = bench.ask().await.unwrap();
    check(&served, 1, How::Hit);
    assert!(served.is_cached() && served.age == 59 * SECOND);
    bench.clock.advance(SECOND);
    for _ in 0..3 {
        check(&bench.ask().await.unwrap(), 1, How::Stale);
        settle().await;
    }
    assert_eq!((bench.begun(), bench.reader.refreshing()), (2, 1));
    bench.calls.tell(1, Deed::Land(2));
    settle().await;
    assert_eq!(bench.reader.refreshing(), 0);
    check(&bench.ask().await.unwrap(), 2, How::Hit);
    let stats = bench.stats();
    assert_eq!((stats.fetched, stats.hits, stats.stale_hits), (1, 5, 3));
    assert_eq!((stats.flights, stats.refreshes, stats.refresh_failures), (2, 1, 0));
    assert_eq!((stats.tokens_saved, stats.micros_saved), (50, 0));
}

#[tokio::test]
async fn a_failed_refresh_leaves_the_stale_answer_and_is_not_tried_again_before_the_pause() {
    let bench = Bench::new();
    bench.ask_and_land(Fetched::Keep, 1).await;
    bench.clock.advance(60 * SECOND);
    for (after, begun) in [(0, 2), (1, 2), (3, 2), (1, 3), (4, 3), (1, 4)] {
        bench.clock.advance(after * SECOND);
        check(&bench.ask().await.unwrap(), 1, How::Stale);
        settle().await;
        assert_eq!(bench.begun(), begun);
        bench.calls.tell(1, Deed::Fail("why"));
        settle().await;
    }
    bench.clock.advance(20 * SECOND);
    check(&bench.ask_and_land(Fetched::Keep, 2).await, 2, How::Fetched);
    assert_eq!((bench.stats().refreshes, bench.stats().refresh_failures), (3, 3));
}

#[tokio::test]
async fn a_refresh_that_panics_has_failed() {
    let bench = Bench::new();
    bench.ask_and_land(Fetched::Keep, 1).await;
    bench.clock.advance(60 * SECOND);
    bench.ask().await.unwrap();
    settle().await;
    bench.calls.tell(1, Deed::Panic);
    settle().await;
    check(&bench.ask().await.unwrap(), 1, How::Stale);
    settle().await;
    assert_eq!((bench.begun(), bench.stats().refresh_failures, bench.reader.refreshing()), (2, 1, 0));
}

#[tokio::test]
async fn who_misses_during_a_refresh_joins_it() {
    let bench = Bench::new();
    bench.ask_and_land(Fetched::Keep, 1).await;
    bench.clock.advance(89 * SECOND);
    bench.ask().await.unwrap();
    bench.clock.advance(SECOND); // expired
    let missed = tokio::spawn(bench.ask());
    settle().await;
    bench.calls.tell(1, Deed::Land(2));
    check(&missed.await.unwrap().unwrap(), 2, How::Joined);
    assert_eq!((bench.begun(), bench.stats().joined), (2, 1));
}

#[tokio::test]
async fn a_failure_is_told_and_not_remembered() {
    let bench = Bench::new();
    for begun in 1..3 {
        let asked = tokio::spawn(bench.ask());
        settle().await;
        bench.calls.tell(1, Deed::Fail("why"));
        assert_eq!(asked.await.unwrap().unwrap_err().failure(), Some(&"why"));
        assert_eq!(bench.begun(), begun);
    }
}

#[tokio::test]
async fn a_refusal_is_remembered_for_its_own_time() {
    let bench = Bench::new();
    let refused = |entry: Entry| {
        let short = Lifetime::fresh_for(5 * SECOND);
        Fetched::Refused(entry.with_lifetime(short))
    };
    let served = bench.ask_and_land(refused, 1).await;
    check(&served, 1, How::Fetched);
    assert!(served.is_refusal() && !served.is_cached());
    bench.clock.advance(4 * SECOND);
    let served = bench.ask().await.unwrap();
    check(&served, 1, How::Negative);
    assert!(served.is_refusal() && served.is_cached());
    bench.clock.advance(SECOND);
    check(&bench.ask_and_land(Fetched::Keep, 2).await, 2, How::Fetched);
    assert_eq!(bench.stats().negative_hits, 1);
}

#[tokio::test]
async fn a_refusal_without_a_lifetime_is_given_one() {
    let bench = Bench::new();
    let clock = bench.clock.clone();
    let refuse = move || async move { Ok(Fetched::Refused(Entry::new("no", clock.wall()))) };
    let served = bench.reader.get_or_fetch(KEY, refuse).await.unwrap();
    assert_eq!(served.entry.lifetime(), Some(Lifetime::fresh_for(10 * SECOND)));
    assert!(bench.map.get(&KEY).await.unwrap().unwrap().is_negative());
}

#[tokio::test]
async fn what_is_not_to_be_kept_goes_to_those_who_asked() {
    let bench = Bench::new();
    let asked = [(); 2].map(|()| tokio::spawn(bench.ask_for(Fetched::DoNotKeep)));
    settle().await;
    bench.calls.tell(1, Deed::Land(1));
    let [one, two] = asked;
    check(&one.await.unwrap().unwrap(), 1, How::Fetched);
    check(&two.await.unwrap().unwrap(), 1, How::Joined);
    check(&bench.ask_and_land(Fetched::Keep, 2).await, 2, How::Fetched);
}

#[tokio::test]
async fn a_refresh_that_is_not_to_be_kept_lets_go_of_what_was() {
    let bench = Bench::new();
    bench.ask_and_land(Fetched::Keep, 1).await;
    bench.clock.advance(60 * SECOND);
    check(&bench.ask_for(Fetched::DoNotKeep).await.unwrap(), 1, How::Stale);
    settle().await;
    bench.calls.tell(1, Deed::Land(2));
    settle().await;
    assert_eq!(bench.map.get(&KEY).await.unwrap(), None);
    assert_eq!(bench.stats().refresh_failures, 0);
}

#[tokio::test]
async fn a_cache_that_fails_is_a_miss_and_told() {
    let (clock, map, told) = (ManualClock::new(), Arc::new(Map::default()), Arc::new(Mutex::new(Vec::new())));
    let lines = Arc::clone(&told);
    let reader = Reader::builder(Arc::clone(&map))
        .clock(clock.clone())
        .on_cache_error(move |error| lines.lock().unwrap().push(error.to_string()))
        .build();
    let fetch = |number| {
        let entry = entry(number, &clock);
        move || async move { Ok(Fetched::Keep(entry)) }
    };
    map.blind.store(true, Ordering::Relaxed);
    map.deaf.store(true, Ordering::Relaxed);
    for number in 0..2 {
        check(&reader.get_or_fetch(KEY, fetch(number)).await.unwrap(), number, How::Fetched);
    }
    map.blind.store(false, Ordering::Relaxed);
    check(&reader.get_or_fetch(KEY, fetch(2)).await.unwrap(), 2, How::Fetched);
    assert_eq!(*told.lock().unwrap(), ["the cache is unavailable"; 5]);
    assert_eq!(reader.stats().cache_errors, 5);
}

#[tokio::test]
async fn a_refresh_that_the_cache_does_not_take_has_failed() {
    let bench = Bench::new();
    bench.ask_and_land(Fetched::Keep, 1).await;
    bench.clock.advance(60 * SECOND);
    bench.map.deaf.store(true, Ordering::Relaxed);
    for _ in 0..2 {
        check(&bench.ask().await.unwrap(), 1, How::Stale);
        settle().await;
        bench.calls.tell(1, Deed::Land(2));
        settle().await;
    }
    assert_eq!((bench.begun(), bench.stats().refresh_failures), (2, 1));
}

#[tokio::test]
async fn refreshes_are_bounded() {
    let (clock, calls) = (ManualClock::new(), Calls::default());
    let most = NonZeroUsize::new(3).unwrap();
    let reader = Reader::builder(Arc::default()).clock(clock.clone()).max_refreshes(most).build();
    let keys: Vec<_> = (0..10).map(|number| CacheKey::from_bytes([number; 32])).collect();
    for &key in &keys {
        reader.cache().put(key, entry(0, &clock)).await.unwrap();
    }
    clock.advance(60 * SECOND);
    for (number, &key) in (0..).zip(&keys) {
        let (calls, clock) = (calls.clone(), clock.clone());
        let fetch = move || async move { calls.call(number).await.map(|got| Fetched::Keep(entry(got, &clock))) };
        check(&reader.get_or_fetch(key, fetch).await.unwrap(), 0, How::Stale);
        settle().await;
    }
    assert_eq!((reader.refreshing(), reader.stats().refreshes), (3, 3));
    assert!((0..3).all(|number| calls.book(number).1 == 1));
}

#[tokio::test]
async fn refreshes_end_with_the_last_reader() {
    let bench = Bench::new();
    bench.ask_and_land(Fetched::Keep, 1).await;
    bench.clock.advance(60 * SECOND);
    bench.ask().await.unwrap();
    settle().await;
    let Bench { calls, map, reader, .. } = bench;
    let clone = reader.clone();
    drop(reader);
    settle().await;
    assert_eq!(calls.book(1), (2, 1, 1));
    drop(clone);
    settle().await;
    assert_eq!(calls.book(1), (2, 0, 1));
    assert_eq!(Arc::strong_count(&map), 1); // and nothing else is left
}

#[tokio::test]
async fn who_gives_up_leaves_the_call_to_the_others() {
    let bench = Bench::new();
    let [one, two] = [(); 2].map(|()| tokio::spawn(bench.ask()));
    settle().await;
    one.abort();
    settle().await;
    bench.calls.tell(1, Deed::Land(1));
    check(&two.await.unwrap().unwrap(), 1, How::Joined);
    let alone = tokio::spawn(bench.ask_for(Fetched::DoNotKeep));
    bench.clock.advance(90 * SECOND);
    settle().await;
    assert_eq!(bench.calls.book(1).1, 1);
    alone.abort();
    settle().await;
    assert_eq!(bench.calls.book(1), (2, 0, 1));
}

/// Callers on a cache that answers late ask it before the call lands and come to the flight after: still one call.
#[tokio::test]
async fn who_is_late_for_the_flight_finds_its_answer() {
    for offset in 0..12 {
        let bench = Bench::new();
        bench.map.slow.store(true, Ordering::Relaxed);
        let first = tokio::spawn(bench.ask());
        settle().await;
        bench.calls.tell(1, Deed::Land(1));
        for _ in 0..offset {
            tokio::task::yield_now().await;
        }
        let late = bench.ask().await.unwrap();
        check(&first.await.unwrap().unwrap(), 1, How::Fetched);
        assert_eq!(late.entry.value(), "1");
        assert_eq!((bench.begun(), bench.stats().flights), (1, 1), "{offset} turns later");
    }
}

#[tokio::test]
async fn the_herd_at_expiry_makes_one_call() {
    let bench = Bench::new();
    bench.map.slow.store(true, Ordering::Relaxed);
    bench.ask_and_land(Fetched::Keep, 1).await;
    bench.clock.advance(90 * SECOND);
    let callers: Vec<_> = (0..10_000).map(|_| tokio::spawn(bench.ask())).collect();
    for turn in 0..5_000 {
        // The first one stays.
        let place = 1 + usize::try_from(mix(turn) % 9_999).unwrap();
        callers[place].abort();
        if turn % 10 == 0 {
            tokio::task::yield_now().await;
        }
    }
    while !bench.calls.tell(1, Deed::Land(2)) {
        tokio::task::yield_now().await;
    }
    let (mut served, mut cancelled) = (0, 0);
    for caller in callers {
        match caller.await {
            Ok(told) => {
                assert_eq!(told.unwrap().entry.value(), "2");
                served += 1;
            }
            Err(error) => {
                assert!(error.is_cancelled());
                cancelled += 1;
            }
        }
    }
    assert!(served > 5_000 && cancelled > 3_000, "{served} served, {cancelled} cancelled");
    assert_eq!(bench.calls.book(1), (2, 0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_herd_on_four_threads_makes_one_call() {
    let reader = Arc::new(Reader::new(Arc::default()));
    let calls = Arc::new(AtomicUsize::new(0));
    let clock = ManualClock::new();
    let callers: Vec<_> = (0..10_000)
        .map(|_| {
            let (reader, calls, clock) = (Arc::clone(&reader), Arc::clone(&calls), clock.clone());
            tokio::spawn(async move {
                let fetch = move || async move {
                    calls.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                    Ok(Fetched::Keep(Entry::new("an answer", clock.wall())))
                };
                reader.get_or_fetch(KEY, fetch).await.unwrap()
            })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap().entry.value(), "an answer");
    }
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    let stats = reader.stats();
    assert_eq!((stats.flights, stats.fetched, stats.fetched + stats.joined + stats.hits), (1, 1, 10_000));
}

#[tokio::test]
async fn any_cache_will_do() {
    let cache: Arc<dyn Cache> = Arc::new(Map::default());
    let reader = ReadThrough::<Arc<dyn Cache>, &str>::new(cache);
    let fetch = || async { Ok(Fetched::Keep(Entry::new("x", ManualClock::new().wall()))) };
    assert_eq!(reader.get_or_fetch(KEY, fetch).await.unwrap().how, How::Fetched);
    assert_eq!(reader.get_or_fetch(KEY, fetch).await.unwrap().how, How::Hit);
}

//! Real threads: those that end while others look, and what is counted on the way out.

use std::cell::RefCell;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use steadfast_telemetry::{Counter, Histogram, Key, LocalCounter, LocalHistogram, Recorder, Registry};

/// Runs `work` on threads that begin and end all the time, 50 in all and up to 4 at once, while the caller's `look` is
/// called over and over.
fn come_and_go(work: impl Fn() + Sync, mut look: impl FnMut()) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let looked = scope.spawn(|| {
            for _ in 0..12 {
                thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(&work))));
            }
            thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(&work))));
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            look();
        }
        looked.join().unwrap();
    });
}

#[test]
fn threads_that_come_and_go_lose_no_count() {
    let counter = Counter::new();
    let mut last = 0;
    come_and_go(
        || (0..200).for_each(|_| counter.inc()),
        || {
            let now = counter.get();
            assert!(now >= last, "{now} after {last}");
            last = now;
        },
    );
    assert_eq!(counter.get(), 50 * 200);
}

#[test]
fn threads_that_come_and_go_lose_no_value_of_either_histogram() {
    for histogram in [Histogram::new(), Histogram::sharded()] {
        let mut last = histogram.snapshot();
        come_and_go(
            || (1..=200).for_each(|value| histogram.record(value)),
            || {
                let now = histogram.snapshot();
                assert!(now.count() >= last.count() && now.sum() >= last.sum() && now.max() >= last.max());
                let counted: u64 = now.buckets().map(|(low, _, n)| low * n).sum();
                assert!(now.sum() >= counted, "{} counted, {} in the sum", counted, now.sum());
                last = now;
            },
        );
        let snapshot = histogram.snapshot();
        assert_eq!((snapshot.count(), snapshot.sum(), snapshot.max()), (50 * 200, 50 * 20_100, Some(200)));
    }
}

#[test]
fn threads_that_make_and_drop_counters_see_none_of_each_others() {
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                start.wait();
                for n in 1..500 {
                    let counter = Counter::new();
                    assert_eq!(counter.get(), 0);
                    counter.add(n);
                    let local = counter.local();
                    local.inc();
                    assert_eq!(counter.get(), n + 1);
                }
            });
        }
    });
}

#[test]
fn threads_that_look_up_while_series_are_let_go_lose_no_count() {
    let registry = Registry::builder().max_series(4).stale_after(std::time::Duration::ZERO).build();
    let mut last = 0;
    come_and_go(
        || {
            for host in 0..40 {
                registry.counter(&Key::new("requests").label("host", (host % 7).to_string())).inc();
            }
        },
        || {
            registry.reap();
            let now = registry.snapshot().counter_sum("requests");
            assert!(now >= last, "{now} after {last}");
            last = now;
        },
    );
    assert_eq!(registry.snapshot().counter_sum("requests"), 50 * 40);
}

#[test]
fn a_hundred_threads_at_once_have_buckets_of_their_own() {
    let (counter, histogram, all) = (Counter::new(), Histogram::sharded(), Barrier::new(100));
    thread::scope(|scope| {
        for value in 1..=100 {
            let (counter, histogram, all) = (&counter, &histogram, &all);
            scope.spawn(move || {
                counter.add(value);
                histogram.record(value);
                all.wait();
                histogram.record(value);
                histogram.local().record(value);
                all.wait(); // so that none ends, and leaves its cells to another, before all have recorded
            });
        }
    });
    assert_eq!(counter.get(), 5050);
    assert_eq!((histogram.snapshot().count(), histogram.snapshot().sum()), (300, 3 * 5050));
    assert!(histogram.snapshot().buckets().all(|(.., n)| n == 3));
}

/// Counts when it is dropped.
struct Last(Counter, Histogram, Histogram);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.inc();
        self.0.local().inc();
        for histogram in [&self.1, &self.2] {
            histogram.record(5);
            histogram.local().record(5);
        }
    }
}

thread_local! {
    static EARLY: RefCell<Option<Last>> = const { RefCell::new(None) };
    static KEPT: RefCell<Option<(LocalCounter, LocalHistogram)>> = const { RefCell::new(None) };
    static LATE: RefCell<Option<Last>> = const { RefCell::new(None) };
}

#[test]
fn counts_of_a_thread_on_its_way_out_are_not_lost() {
    let (counter, shared, sharded) = (Counter::new(), Histogram::new(), Histogram::sharded());
    let last = || Some(Last(counter.clone(), shared.clone(), sharded.clone()));
    for _ in 0..10 {
        thread::scope(|scope| {
            scope
                .spawn(|| {
                    // Thread-locals are destroyed in an order of the platform's: one before the first count, one after it.
                    EARLY.with(|early| *early.borrow_mut() = last());
                    counter.inc();
                    LATE.with(|late| *late.borrow_mut() = last());
                })
                .join()
                .unwrap(); // which waits for the thread-locals, as the end of a scope does not
        });
    }
    assert_eq!(counter.get(), 10 * 5);
    for histogram in [shared, sharded] {
        assert_eq!((histogram.snapshot().count(), histogram.snapshot().sum()), (10 * 4, 10 * 20));
    }
}

#[test]
fn a_thread_local_that_keeps_a_cell_keeps_it_from_the_next_thread() {
    let (counter, sharded) = (Counter::new(), Histogram::sharded());
    for _ in 0..10 {
        thread::scope(|scope| {
            scope
                .spawn(|| {
                    KEPT.with(|kept| *kept.borrow_mut() = Some((counter.local(), sharded.local())));
                    KEPT.with(|kept| {
                        let kept = kept.borrow();
                        let (counter, histogram) = kept.as_ref().unwrap();
                        counter.inc();
                        histogram.record(1);
                    });
                })
                .join()
                .unwrap();
        });
    }
    assert_eq!((counter.get(), sharded.snapshot().count()), (10, 10));
}

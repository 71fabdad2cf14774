//! Model checks: every interleaving of a few threads that count, end, begin and read, with loom's atomics.
//!
//! `RUSTFLAGS="--cfg steadfast_loom" cargo test -p steadfast-telemetry --test loom --release`
//!
//! Loom lets a thread be joined before its thread-locals are destroyed, so that every model of a thread that ends is also
//! one of a thread that is still about to. Whoever looks is a thread spawned before the one that writes goes on: loom then
//! lets it see every store or the one before, while it forgets a load that the writer's own load follows.
#![cfg(steadfast_loom)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use loom::thread;
use steadfast_telemetry::{Counter, Histogram};

/// Runs a job on a thread of its own, with its own handle.
fn with<H: Clone + 'static, T: 'static>(handle: &H, job: impl FnOnce(H) -> T + 'static) -> thread::JoinHandle<T> {
    let handle = handle.clone();
    thread::spawn(move || job(handle))
}

#[test]
fn two_writers_lose_nothing_and_a_reader_never_sees_less_than_before() {
    loom::model(|| {
        let counter = Counter::new();
        let writer = with(&counter, |counter| counter.add(2));
        let reader = with(&counter, |counter| {
            let first = counter.get();
            let second = counter.get();
            assert!(first <= second && second <= 3);
        });
        counter.inc();
        writer.join().unwrap();
        reader.join().unwrap();
        assert_eq!(counter.get(), 3);
    });
}

#[test]
fn a_thread_that_ends_while_another_begins_leaves_its_counts() {
    loom::model(|| {
        let counter = Counter::new();
        with(&counter, |counter| counter.inc()).join().unwrap();
        // The slab of the first thread is given back before, while or after this one looks for a slab.
        let next = with(&counter, |counter| counter.inc());
        let seen = counter.get();
        assert!(seen == 1 || seen == 2);
        next.join().unwrap();
        assert_eq!(counter.get(), 2);
    });
}

#[test]
fn slabs_that_change_hands_among_three_threads_keep_every_count() {
    loom::model(|| {
        let counter = Counter::new();
        let first = with(&counter, |counter| counter.inc());
        let second = with(&counter, |counter| counter.inc());
        first.join().unwrap();
        with(&counter, |counter| counter.inc()).join().unwrap();
        second.join().unwrap();
        assert_eq!(counter.get(), 3);
    });
}

#[test]
fn a_number_used_again_starts_at_zero() {
    loom::model(|| {
        let old = Counter::new();
        let writer = with(&old, |old| old.add(7));
        drop(old);
        // The old counter is gone by now, or its writer still has a handle on it.
        let new = Counter::new();
        assert_eq!(new.get(), 0);
        let other = with(&new, |new| new.inc());
        assert!(new.get() <= 1);
        other.join().unwrap();
        writer.join().unwrap();
        assert_eq!(new.get(), 1);
    });
}

#[test]
fn a_number_used_again_by_the_thread_that_freed_it_starts_at_zero() {
    loom::model(|| {
        let old = Counter::new();
        old.inc();
        let writer = with(&old, |old| {
            old.add(7);
            drop(old);
            let new = Counter::new();
            assert_eq!(new.get(), 0);
            new.inc();
            assert_eq!(new.get(), 1);
        });
        drop(old);
        let another = Counter::new();
        another.inc();
        assert_eq!(another.get(), 1);
        writer.join().unwrap();
        assert_eq!(another.get(), 1);
    });
}

#[test]
fn a_local_counter_and_the_counter_share_a_cell() {
    loom::model(|| {
        let counter = Counter::new();
        let other = with(&counter, |counter| {
            let local = counter.local();
            local.inc();
            counter.inc();
            local.inc();
        });
        counter.inc();
        other.join().unwrap();
        assert_eq!(counter.get(), 4);
    });
}

fn whoever_counts_a_value_sees_its_sum_and_maximum(make: fn() -> Histogram) {
    loom::model(move || {
        let histogram = make();
        let reader = with(&histogram, |histogram| {
            let seen = histogram.snapshot();
            let counted: u64 = seen.buckets().map(|(value, _, n)| value * n).sum();
            assert!(seen.sum() >= counted && seen.max() >= seen.buckets().last().map(|(value, ..)| value));
        });
        // Of one octave: the second finds everything made, and only its own store can carry the sum along.
        histogram.record(2);
        histogram.record(3);
        reader.join().unwrap();
        let seen = histogram.snapshot();
        assert_eq!((seen.count(), seen.sum(), seen.max()), (2, 5, Some(3)));
    });
}

#[test]
fn whoever_counts_a_value_of_a_shared_histogram_sees_its_sum_and_maximum() {
    whoever_counts_a_value_sees_its_sum_and_maximum(Histogram::new);
}

#[test]
fn whoever_counts_a_value_of_a_sharded_histogram_sees_its_sum_and_maximum() {
    whoever_counts_a_value_sees_its_sum_and_maximum(Histogram::sharded);
}

fn two_that_record_lose_nothing(make: fn() -> Histogram) {
    loom::model(move || {
        let histogram = make();
        let other = with(&histogram, |histogram| {
            histogram.record(1);
            let seen = histogram.snapshot();
            assert!((1..=2).contains(&seen.count()) && seen.sum() >= seen.count());
        });
        histogram.record(1);
        other.join().unwrap();
        let seen = histogram.snapshot();
        assert_eq!((seen.count(), seen.sum(), seen.max()), (2, 2, Some(1)));
    });
}

#[test]
fn two_that_record_into_a_shared_histogram_lose_nothing() {
    two_that_record_lose_nothing(Histogram::new);
}

#[test]
fn two_that_record_into_a_sharded_histogram_lose_nothing() {
    two_that_record_lose_nothing(Histogram::sharded);
}

#[test]
fn buckets_that_change_hands_keep_every_value() {
    loom::model(|| {
        let histogram = Histogram::sharded();
        with(&histogram, |histogram| histogram.record(1)).join().unwrap();
        let next = with(&histogram, |histogram| histogram.record(1));
        let seen = histogram.snapshot();
        assert!((1..=2).contains(&seen.count()) && seen.sum() >= seen.count());
        next.join().unwrap();
        let seen = histogram.snapshot();
        assert_eq!((seen.count(), seen.sum()), (2, 2));
    });
}

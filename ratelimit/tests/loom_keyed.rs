//! Model checks of keyed limits: keys that fight for one slot. Run with `RUSTFLAGS="--cfg steadfast_loom"`.

#![cfg(steadfast_loom)]

use std::hash::{BuildHasherDefault, Hasher};
use std::time::Duration;

use loom::sync::Arc;
use loom::thread;
use steadfast_clock::Nanos;
use steadfast_ratelimit::{Keyed, Limiter, Quota};

/// The key is its own hash; in models a window is one slot, and all keys below have the same.
#[derive(Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

type Table = Keyed<u64, BuildHasherDefault<Itself>>;

const A: u64 = 1;
const B: u64 = 2;
const C: u64 = 3;

fn at(nanos: u64) -> Nanos {
    Nanos::from_nanos(nanos)
}

fn every(interval: u64, burst: u64) -> Quota {
    Quota::new(1, Duration::from_nanos(interval)).unwrap().burst(burst).unwrap()
}

/// Runs both jobs on threads and a third here, on a table of one slot after `before`.
fn model(quota: Quota, before: fn(&Table), jobs: [fn(&Table) -> u64; 2], after: fn(&Table, u64, u64)) {
    loom::model(move || {
        let table = Arc::new(Table::with_hasher(quota, 1, BuildHasherDefault::default()));
        before(&table);
        let first = {
            let table = Arc::clone(&table);
            thread::spawn(move || jobs[0](&table))
        };
        let second = jobs[1](&table);
        let first = first.join().unwrap();
        after(&table, first, second);
    });
}

fn took(table: &Table, key: u64, now: u64) -> u64 {
    u64::from(table.of(&key).take(1, at(now)).is_allowed())
}

/// Two threads bring the same new key: it gets one burst.
#[test]
fn a_new_key_comes_once() {
    model(
        every(1000, 1),
        |_| {},
        [|table| took(table, A, 10), |table| took(table, A, 10)],
        |table, first, second| {
            assert_eq!(first + second, 1);
            assert_eq!(table.occupied(), 1);
        },
    );
}

/// One key evicts another that owes nothing, while that one takes: neither gets more than its burst.
#[test]
fn the_evicted_takes_no_more_than_its_burst() {
    model(
        every(10, 1),
        |table| assert_eq!(took(table, A, 10), 1),
        [|table| took(table, A, 20) + took(table, A, 20), |table| took(table, B, 20) + took(table, B, 21)],
        |table, first, second| {
            // The last ones may find the shared cell in debt, never a second burst.
            assert!(first <= 1 && second <= 1 && first + second >= 1, "{first} {second}");
            assert!(took(table, A, 25) + first <= 1 && took(table, B, 25) + second <= 1);
        },
    );
}

/// A debtor is not evicted, also when it goes into debt while another looks at its slot.
#[test]
fn a_debt_made_meanwhile_is_kept() {
    model(
        every(10, 1),
        |table| assert_eq!(took(table, A, 10), 1),
        [
            |table| {
                table.of(&A).charge(5, at(20));
                0
            },
            |table| took(table, B, 20),
        ],
        |table, _, second| {
            assert_eq!(second, 1);
            assert_eq!(took(table, A, 69), 0);
        },
    );
}

/// A clock that lags: the key that is evicted at a later point finds no second burst at an earlier one.
#[test]
fn an_eviction_from_the_future_gives_nothing_away() {
    model(
        every(10, 1),
        |table| assert_eq!(took(table, A, 10), 1),
        [|table| took(table, A, 15), |table| took(table, B, 30)],
        |_, first, second| {
            assert_eq!(first, 0);
            assert_eq!(second, 1);
        },
    );
}

/// Three keys, one slot, clocks that step: no key gets more than burst + rate * t.
#[test]
fn three_keys_fight_for_one_slot() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(|| {
        let table = Arc::new(Table::with_hasher(every(10, 1), 1, BuildHasherDefault::default()));
        assert_eq!(took(&table, A, 10), 1);
        let threads = [B, C].map(|key| {
            let table = Arc::clone(&table);
            thread::spawn(move || took(&table, key, 20))
        });
        let a = took(&table, A, 20);
        let [b, c] = threads.map(|thread| thread.join().unwrap());
        assert!(a + b + c >= 1);
        for (key, taken) in [(A, a), (B, b), (C, c)] {
            assert!(taken + took(&table, key, 29) <= 1);
        }
    });
}

/// A refund beside an eviction gives the new owner nothing.
#[test]
fn a_refund_does_not_reach_the_next_owner() {
    loom::model(|| {
        let table = Arc::new(Table::with_hasher(every(10, 2), 1, BuildHasherDefault::default()));
        let grant = table.of(&A).take(2, at(10)).into_result().unwrap();
        let refund = {
            let table = Arc::clone(&table);
            thread::spawn(move || table.of(&A).refund(grant, 2, at(10)))
        };
        let first = table.of(&B).take(2, at(30)).is_allowed();
        refund.join().unwrap();
        assert!(first);
        assert!(!table.of(&B).take(1, at(30)).is_allowed());
        assert!(!table.of(&B).take(2, at(39)).is_allowed());
    });
}

/// A key that changes its quota while it is taken from: what it took is still owed, in permits.
#[test]
fn a_change_of_quota_loses_no_debt() {
    loom::model(|| {
        let table = Arc::new(Table::with_hasher(every(10, 2), 1, BuildHasherDefault::default()));
        assert_eq!(took(&table, A, 10), 1);
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || took(&table, A, 10))
        };
        table.set_quota(every(100, 2)).unwrap();
        let ours = took(&table, A, 10);
        let other = other.join().unwrap();
        assert_eq!(1 + ours + other, 2);
        assert_eq!(took(&table, A, 19), 0);
    });
}

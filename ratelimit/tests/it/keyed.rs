//! Keyed limits, one by one and by many threads at once.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hasher};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, Nanos};
use steadfast_ratelimit::{Decision, Denied, Keyed, Limiter, Quota};

use crate::bound::excess;
use crate::threads::storm;

fn per_second(permits: u64, burst: u64) -> Quota {
    Quota::per_second(permits).unwrap().burst(burst).unwrap()
}

fn second(n: u64) -> Nanos {
    Nanos::from_nanos(n * 1_000_000_000)
}

#[test]
fn each_key_has_its_own_limit() {
    let keyed = Keyed::<str>::with_capacity(per_second(1, 2), 100).named("user");
    for key in ["alice", "bob"] {
        assert!(keyed.of(key).take(2, second(1)).is_allowed());
        assert_eq!(
            keyed.of(key).take(1, second(1)),
            Decision::Deny(Denied::new("user", Some(Duration::from_secs(1)), 2))
        );
    }
    assert_eq!((keyed.occupied(), keyed.overflowed()), (2, 0));
    assert!(keyed.of("alice").take(1, second(2)).is_allowed());
}

#[test]
fn asking_costs_nothing_and_leaves_nothing() {
    let keyed = Keyed::<u64>::with_capacity(per_second(1, 2), 100);
    assert!(keyed.of(&1).peek(2, second(1)).is_allowed());
    assert!(keyed.of(&1).take(0, second(1)).is_allowed());
    assert!(!keyed.of(&1).take(3, second(1)).is_allowed());
    keyed.of(&1).charge(0, second(1));
    assert_eq!(keyed.occupied(), 0);
    keyed.of(&1).charge(5, second(1));
    assert_eq!(keyed.of(&1).peek(1, second(1)), Decision::Deny(Denied::new("key", Some(Duration::from_secs(4)), 2)));
}

#[test]
fn a_refund_goes_to_its_key_and_only_while_something_is_owed() {
    let keyed = Keyed::<u64>::with_capacity(per_second(1000, 1000), 100);
    let first = keyed.of(&1).take(500, second(1)).into_result().unwrap();
    let last = keyed.of(&1).take(500, second(1)).into_result().unwrap();
    keyed.of(&2).refund(last, 500, second(1));
    assert!(!keyed.of(&1).peek(1, second(1)).is_allowed(), "another key's refund");
    keyed.of(&1).refund(first, 500, second(1));
    assert!(keyed.of(&1).peek(499, second(1)).is_allowed());
    let taken = keyed.of(&3).take(1000, second(1)).into_result().unwrap();
    keyed.of(&3).refund(taken, 1000, second(1));
    assert!(keyed.of(&3).peek(1000, second(1)).is_allowed(), "the last grant comes back whole");
}

#[test]
fn keys_that_owe_nothing_make_room_and_those_that_owe_do_not() {
    let keyed = Keyed::<u64>::with_capacity(per_second(1, 1), 1);
    let slots = keyed.slots() as u64;
    for key in 0..slots {
        assert!(keyed.of(&key).take(1, second(1)).is_allowed());
    }
    assert_eq!((keyed.occupied() as u64, keyed.overflowed()), (slots, 0));

    // More of them share: the first with nobody, a thousand the permits of 64 cells.
    assert!(keyed.of(&1000).take(1, second(1)).is_allowed());
    let admitted = (1001..2000).filter(|key| keyed.of(key).take(1, second(1)).is_allowed()).count();
    assert!((1..64).contains(&admitted), "{admitted}");
    assert_eq!(keyed.overflowed(), 1000);
    assert!(!keyed.of(&0).peek(1, second(1)).is_allowed());

    // A second later all is earned: the newcomers get slots, and what the first of them owes comes along.
    keyed.of(&1000).charge(1, second(1));
    assert!(!keyed.of(&1000).take(1, second(2)).is_allowed());
    assert!(keyed.of(&1002).take(1, second(3)).is_allowed());
    assert_eq!((keyed.occupied() as u64, keyed.overflowed()), (slots, 1001));
}

#[test]
fn a_clock_that_steps_back_does_not_revive_who_was_evicted() {
    let keyed = Keyed::<u64>::with_capacity(per_second(1, 1), 1);
    assert!(keyed.of(&0).take(1, second(10)).is_allowed());
    for key in 1..200 {
        let _ = keyed.of(&key).take(1, second(20));
    }
    assert!(!keyed.of(&0).take(1, second(10)).is_allowed());
}

#[test]
fn quotas_change_for_all_keys_or_for_one() {
    let keyed = Keyed::<u64>::with_capacity(per_second(1, 4), 100);
    assert!(keyed.of(&1).take(4, second(1)).is_allowed());
    let gold = keyed.plan(per_second(10, 40)).unwrap();
    assert_eq!(keyed.plan(per_second(10, 40)).unwrap(), gold);
    assert_ne!(keyed.plan(per_second(10, 41)).unwrap(), gold);
    let now = second(1);
    assert!(keyed.of_with(&1, gold).peek(36, now).is_allowed());
    assert!(!keyed.of_with(&1, gold).take(37, now).is_allowed(), "four permits are owed still");
    keyed.set_quota(per_second(2, 2)).unwrap();
    assert_eq!(keyed.quota(), per_second(2, 2));
    let denied = keyed.of(&1).take(1, now).into_result().unwrap_err();
    assert_eq!(denied.after, Some(Duration::from_millis(1500)));
    assert!(keyed.of(&2).take(2, now).is_allowed());
}

#[test]
fn a_refund_does_not_cross_a_change_of_quota() {
    let keyed = Keyed::<u64>::with_capacity(per_second(1, 4), 100);
    let fast = keyed.plan(per_second(1000, 4)).unwrap();
    let grant = keyed.of(&1).take(4, second(1)).into_result().unwrap();
    keyed.of_with(&1, fast).charge(1, second(1));
    keyed.of(&1).charge(1, second(1));
    let before = keyed.of(&1).peek(1, second(1)).into_result().unwrap_err();
    keyed.of(&1).refund(grant, 4, second(1));
    assert_eq!(keyed.of(&1).peek(1, second(1)).into_result().unwrap_err(), before);
}

#[test]
fn quotas_of_a_table_are_bounded() {
    let keyed = Keyed::<u64>::with_capacity(per_second(1, 1), 1);
    let made = (2..70_000).take_while(|burst| keyed.plan(per_second(1, *burst)).is_ok()).count();
    assert_eq!(made, 65_534);
    assert!(keyed.plan(per_second(1, 70_001)).unwrap_err().to_string().contains("65,535"));
    assert!(keyed.set_quota(per_second(1, 70_001)).is_err());
    let last = keyed.plan(per_second(1, 65_535)).unwrap();
    assert!(keyed.of_with(&1, last).take(65_535, second(1)).is_allowed());
}

#[test]
fn hashes_that_agree_share_a_limit() {
    #[derive(Default)]
    struct Same;
    impl Hasher for Same {
        fn finish(&self) -> u64 {
            0
        }
        fn write(&mut self, _: &[u8]) {}
    }
    let keyed = Keyed::<u64, _>::with_hasher(per_second(1, 2), 10, BuildHasherDefault::<Same>::default());
    assert!(keyed.of(&1).take(1, second(1)).is_allowed());
    assert!(keyed.of(&2).take(1, second(1)).is_allowed());
    assert!(!keyed.of(&3).take(1, second(1)).is_allowed());
}

#[test]
fn a_full_table_of_a_hundred_thousand_hardly_overflows() {
    let keyed =
        Keyed::<u64, BuildHasherDefault<DefaultHasher>>::with_hasher(per_second(1, 1), 100_000, Default::default());
    for key in 0..100_000 {
        assert!(keyed.of(&key).take(1, second(1)).is_allowed() || keyed.overflowed() > 0);
    }
    assert!(keyed.overflowed() < 10, "{keyed:?}");
    assert!(keyed.slots() * 16 <= 100_000 * 40);
}

#[test]
fn tables_hash_differently_from_each_other() {
    let hashes = [(); 2].map(|()| steadfast_ratelimit::SeededHash::default().hash_one(1u64));
    assert_ne!(hashes[0], hashes[1]);
}

#[test]
fn threads_that_bring_the_same_new_key_share_one_burst() {
    const THREADS: usize = 4;
    let keyed = Keyed::<u64>::with_capacity(per_second(1, 3), 8);
    let barrier = Barrier::new(THREADS);
    let admitted: Vec<Vec<bool>> = thread::scope(|scope| {
        let (keyed, barrier) = (&keyed, &barrier);
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(move || {
                    // Every round the keys of the last one owe nothing, and are evicted.
                    let rounds = (0..300u64).map(|round| {
                        barrier.wait();
                        keyed.of(&round).take(2, second(10 + 10 * round)).is_allowed()
                    });
                    rounds.collect()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for round in 0..300 {
        assert_eq!(admitted.iter().filter(|thread| thread[round]).count(), 1, "round {round}");
    }
}

#[test]
fn no_key_gets_more_when_threads_fight_for_slots() {
    let clock = ManualClock::new();
    let quota = Quota::per_second(500_000).unwrap().burst(3).unwrap();
    let keyed = Keyed::<u64>::with_capacity(quota, 1);
    let grants = storm(&clock, |i| {
        let lagging = clock.now();
        let key = lagging.as_nanos() / 100 * (i + 1) % 70;
        let grant = keyed.of(&key).take(2, clock.now()).into_result().ok()?;
        let found = (grant.at().as_nanos() * 100 + key, 1);
        keyed.of(&key).refund(grant, 1, lagging);
        Some(found)
    });
    assert!(!grants.is_empty());
    for key in 0..70 {
        let of_key = grants.iter().filter(|(found, _)| found % 100 == key).map(|(found, cost)| (found / 100, *cost));
        assert_eq!(excess(quota, of_key.collect()), None, "key {key}, {keyed:?}");
    }
}

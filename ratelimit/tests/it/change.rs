//! Another quota while the limiter is in use.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, Nanos};
use steadfast_ratelimit::{Denied, Gcra, Limiter, Quota, RateLimiter};

use crate::bound::excess;

fn per_second(permits: u64, burst: u64) -> Quota {
    Quota::per_second(permits).unwrap().burst(burst).unwrap()
}

const fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn limiter(quota: Quota) -> (RateLimiter<ManualClock>, ManualClock) {
    let clock = ManualClock::new();
    (RateLimiter::with_clock(quota, clock.clone()), clock)
}

#[test]
fn the_quota_in_force_is_told() {
    let (limiter, clock) = limiter(per_second(10, 5));
    for quota in [per_second(7, 3), Quota::per_hour(11).unwrap(), per_second(10_000_000_000, 1)] {
        limiter.set_quota(quota, clock.now());
        assert_eq!(limiter.quota(), quota);
    }
}

#[test]
fn what_is_owed_stays_owed_at_the_new_rate() {
    let (limiter, clock) = limiter(per_second(10, 5));
    limiter.try_acquire(5).unwrap();
    limiter.set_quota(per_second(1, 5), clock.now());
    assert_eq!(limiter.try_acquire(5), Err(Denied::new("rate", Some(millis(5000)), 5)));
    clock.advance(millis(2000));
    limiter.set_quota(per_second(100, 5), clock.now());
    limiter.try_acquire(2).unwrap();
    assert_eq!(limiter.try_acquire(5).unwrap_err().after, Some(millis(50)));
}

#[test]
fn a_larger_burst_is_there_at_once_and_a_smaller_one_is_owed() {
    let (limiter, clock) = limiter(per_second(10, 5));
    limiter.try_acquire(5).unwrap();
    limiter.set_quota(per_second(10, 8), clock.now());
    limiter.try_acquire(3).unwrap();
    assert_eq!(limiter.try_acquire(1).unwrap_err().after, Some(millis(100)));
    limiter.set_quota(per_second(10, 2), clock.now());
    assert_eq!(limiter.try_acquire(1).unwrap_err().after, Some(millis(700)));
    assert!(limiter.try_acquire(3).unwrap_err().is_never());
}

#[test]
fn an_idle_limiter_has_the_whole_new_burst() {
    let (limiter, clock) = limiter(per_second(10, 5));
    limiter.try_acquire(5).unwrap();
    clock.advance(millis(10_000));
    limiter.set_quota(per_second(3, 50), clock.now());
    limiter.try_acquire(50).unwrap();
    assert!(limiter.try_acquire(1).is_err());
}

#[test]
fn whoever_comes_with_an_earlier_point_is_judged_at_the_change() {
    let (limiter, clock) = limiter(per_second(10, 5));
    let before = clock.now();
    clock.advance(millis(100));
    limiter.set_quota(per_second(1, 2), clock.now());
    assert_eq!(limiter.take(2, before).into_result().unwrap().at(), clock.now());
    let denied = limiter.take(1, before).into_result().unwrap_err();
    assert_eq!(denied.after, Some(millis(1100)), "counted from the point that was asked at");
}

#[test]
fn a_change_by_a_thread_that_lags_forgets_nothing() {
    let (limiter, _) = limiter(per_second(10, 5));
    let at = |millis: u64| Nanos::from_nanos(millis * 1_000_000);
    limiter.take(5, at(1000)).into_result().unwrap();
    limiter.set_quota(per_second(1000, 5), at(0));
    assert!(!limiter.take(1, at(1000)).is_allowed());
    assert!(limiter.take(5, at(1005)).is_allowed());
}

#[test]
fn a_grant_from_before_is_refunded_at_what_is_still_owed_of_it() {
    let (limiter, clock) = limiter(per_second(10, 10));
    let (first, second) = (limiter.try_acquire(5).unwrap(), limiter.try_acquire(5).unwrap());
    limiter.set_quota(per_second(100, 10), clock.now());
    limiter.refund(second, 5, clock.now());
    limiter.try_acquire(5).unwrap();
    clock.advance(millis(20));
    limiter.refund(first, 5, clock.now());
    // 2 earned, and of the 5 those 2 are not owed any more.
    limiter.try_acquire(5).unwrap();
    assert!(limiter.try_acquire(1).is_err());
}

#[test]
fn what_was_earned_at_the_old_rate_is_not_refunded_at_the_new_one() {
    let (limiter, clock) = limiter(per_second(1000, 1000));
    let early = limiter.try_acquire(1000).unwrap();
    clock.advance(millis(1000));
    limiter.set_quota(per_second(1, 1000), clock.now());
    limiter.try_acquire(1000).unwrap();
    limiter.refund(early, 1000, clock.now());
    assert!(limiter.try_acquire(1).is_err());
}

#[test]
fn a_grant_from_many_changes_ago_is_not_refunded() {
    let (limiter, clock) = limiter(per_second(10, 10));
    for changes in 1..=9 {
        let early = limiter.try_acquire(5).unwrap();
        for _ in 0..changes {
            limiter.set_quota(per_second(10, 10), clock.now());
        }
        limiter.refund(early, 5, clock.now());
        let there = if changes <= 2 { 10 } else { 5 };
        assert!(limiter.peek(there, clock.now()).is_allowed(), "{changes}");
        assert!(!limiter.peek(there + 1, clock.now()).is_allowed(), "{changes}");
        clock.advance(millis(10_000));
    }
}

#[test]
fn the_arithmetic_alone_converts_a_cell() {
    let (from, to) = (Gcra::new(per_second(10, 5)), Gcra::new(per_second(1, 7)));
    let now = Nanos::from_nanos(1_000_000_000);
    let cell = from.convert(from.charge(0, 9, now), &to, now);
    assert_eq!(to.due(cell, 7, now), Some(now.saturating_add(millis(9000))));
    assert_eq!(from.convert(Gcra::LAST_CELL, &to, now), Gcra::LAST_CELL);
    assert_eq!(from.convert(0, &to, Nanos::MAX), Gcra::LAST_CELL);
}

/// Four threads take while one changes the quota all the time; judged by the largest quota of all, and at the end by
/// what is left.
#[test]
fn the_bound_holds_while_quotas_change_under_load() {
    let clock = ManualClock::new();
    let quotas = [per_second(900_000, 5), per_second(2_000_000, 20), per_second(7, 1), per_second(1_300_000, 9)];
    let limiter = RateLimiter::with_clock(quotas[0], clock.clone());
    let running = AtomicBool::new(true);
    let grants: Vec<(u64, u64)> = thread::scope(|scope| {
        let (limiter, clock, running, quotas) = (&limiter, &clock, &running, &quotas);
        let changer = scope.spawn(move || {
            for quota in quotas.iter().cycle().take_while(|_| running.load(Ordering::Relaxed)) {
                clock.advance(Duration::from_nanos(300));
                limiter.set_quota(*quota, clock.now());
                assert!(quotas.contains(&limiter.quota()));
                thread::yield_now();
            }
        });
        let threads: Vec<_> = (1..5)
            .map(|cost| {
                scope.spawn(move || {
                    let taken = (0..3000).filter_map(|_| match limiter.try_acquire(cost) {
                        Ok(grant) => Some((grant.at().as_nanos(), grant.cost())),
                        Err(denied) => {
                            assert!(quotas.iter().any(|quota| quota.burst_size() == denied.max_cost), "{denied:?}");
                            None
                        }
                    });
                    taken.collect::<Vec<_>>()
                })
            })
            .collect();
        let grants = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        running.store(false, Ordering::Relaxed);
        changer.join().unwrap();
        grants
    });
    assert!(!grants.is_empty());
    assert_eq!(excess(per_second(2_000_000, 20), grants), None);
}

#[test]
fn changes_by_many_threads_all_happen() {
    let (limiter, clock) = limiter(per_second(10, 5));
    limiter.try_acquire(5).unwrap();
    thread::scope(|scope| {
        for burst in 6..10 {
            let (limiter, clock) = (&limiter, &clock);
            scope.spawn(move || (0..500).for_each(|_| limiter.set_quota(per_second(10, burst), clock.now())));
        }
    });
    let burst = limiter.quota().burst_size();
    assert!((6..10).contains(&burst));
    limiter.try_acquire(burst - 5).unwrap();
    assert!(limiter.try_acquire(1).is_err());
}

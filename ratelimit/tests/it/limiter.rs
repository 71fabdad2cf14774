//! The shared limiter with a manual clock: take, peek, charge, refund, one by one.

use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, Nanos};
use steadfast_ratelimit::{Decision, Denied, Gcra, Grant, Limiter, Quota, RateLimiter};

fn limiter(quota: Quota) -> (RateLimiter<ManualClock>, ManualClock) {
    let clock = ManualClock::new();
    (RateLimiter::with_clock(quota, clock.clone()), clock)
}

fn per_second(permits: u64, burst: u64) -> Quota {
    Quota::per_second(permits).unwrap().burst(burst).unwrap()
}

const fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn sixty_per_minute_is_one_a_second() {
    let (limiter, clock) = limiter(Quota::per_minute(60).unwrap());
    let mut admitted = 0;
    for _ in 0..600 {
        admitted += u32::from(limiter.try_acquire(1).is_ok());
        clock.advance(millis(100));
    }
    assert_eq!(admitted, 60);
    assert!(limiter.try_acquire(1).is_ok());
    assert!(limiter.try_acquire(1).is_err());
}

#[test]
fn starts_full_and_earns_its_burst_back() {
    let (limiter, clock) = limiter(per_second(10, 5));
    for _ in 0..5 {
        limiter.try_acquire(1).unwrap();
    }
    assert_eq!(limiter.try_acquire(1), Err(Denied::new("rate", Some(millis(100)), 5)));
    assert_eq!(limiter.try_acquire(3), Err(Denied::new("rate", Some(millis(300)), 5)));
    clock.advance(millis(300));
    limiter.try_acquire(3).unwrap();
    clock.advance(Duration::from_secs(3600));
    limiter.try_acquire(5).unwrap();
    assert!(limiter.try_acquire(1).is_err(), "an hour's rest earns one burst, not an hour's worth");
}

#[test]
fn a_cost_above_the_burst_is_never_and_a_cost_of_zero_always() {
    let (limiter, clock) = limiter(per_second(10, 5));
    assert_eq!(limiter.try_acquire(6), Err(Denied::new("rate", None, 5)));
    assert_eq!(limiter.try_acquire(u64::MAX), Err(Denied::new("rate", None, 5)));
    let denied = limiter.try_acquire(6).unwrap_err();
    assert_eq!(denied.to_string(), "rate limit \"rate\" never admits a cost above 5");
    limiter.try_acquire(5).unwrap();
    limiter.charge(100, clock.now());
    for _ in 0..100 {
        assert_eq!(limiter.try_acquire(0).unwrap().cost(), 0);
    }
}

#[test]
fn peek_takes_nothing_and_its_grant_refunds_nothing() {
    let (limiter, clock) = limiter(per_second(10, 5));
    let now = clock.now();
    for _ in 0..10 {
        assert!(limiter.peek(5, now).is_allowed());
    }
    limiter.try_acquire(5).unwrap();
    clock.advance(millis(300));
    let now = clock.now();
    match limiter.peek(3, now) {
        Decision::Allow(grant) => limiter.refund(grant, 3, now),
        other => panic!("{other:?}"),
    }
    assert_eq!(limiter.peek(4, now), Decision::Deny(Denied::new("rate", Some(millis(100)), 5)));
    limiter.try_acquire(3).unwrap();
}

#[test]
fn a_charge_goes_into_debt_that_later_costs_wait_for() {
    let (limiter, clock) = limiter(per_second(10, 5));
    limiter.charge(25, clock.now());
    assert_eq!(limiter.try_acquire(1).unwrap_err().after, Some(millis(2100)));
    clock.advance(millis(2100));
    limiter.try_acquire(1).unwrap();
    limiter.charge(0, clock.now());
    clock.advance(millis(100));
    limiter.try_acquire(1).unwrap();
    limiter.charge(u64::MAX, clock.now());
    assert!(limiter.try_acquire(1).is_err());
}

#[test]
fn an_early_refund_gives_all_back() {
    let (limiter, clock) = limiter(per_second(10, 5));
    let grant = limiter.try_acquire(5).unwrap();
    limiter.refund(grant, 3, clock.now());
    limiter.try_acquire(3).unwrap();
    assert!(limiter.try_acquire(1).is_err());
}

#[test]
fn a_late_refund_gives_back_only_what_has_not_decayed() {
    let (limiter, clock) = limiter(per_second(10, 10));
    let early = limiter.try_acquire(10).unwrap();
    clock.advance(millis(1000));
    limiter.try_acquire(10).unwrap();
    limiter.refund(early, 10, clock.now());
    assert!(limiter.try_acquire(1).is_err(), "it was earned back already");
    clock.advance(millis(1000));
    let half = limiter.try_acquire(10).unwrap();
    clock.advance(millis(600));
    limiter.refund(half, 10, clock.now());
    limiter.try_acquire(10).unwrap();
    assert!(limiter.try_acquire(1).is_err());
}

#[test]
fn two_refunds_do_not_give_the_same_time_back_twice() {
    let (limiter, clock) = limiter(per_second(10, 20));
    let first = limiter.try_acquire(10).unwrap();
    let second = limiter.try_acquire(10).unwrap();
    limiter.refund(first, 10, clock.now());
    clock.advance(millis(1000));
    limiter.try_acquire(20).unwrap();
    limiter.refund(second, 10, clock.now());
    assert!(limiter.try_acquire(1).is_err());
}

#[test]
fn a_refund_by_a_thread_that_lags_gives_no_more() {
    let (limiter, _) = limiter(per_second(100_000, 15));
    let at = |n: u64| Nanos::from_nanos(n * 10_000);
    let early = limiter.take(10, at(100)).into_result().unwrap();
    limiter.take(5, at(105)).into_result().unwrap();
    limiter.refund(early, 10, at(50));
    assert!(limiter.take(11, at(105)).into_result().is_err());
    assert!(limiter.take(10, at(105)).is_allowed());
}

#[test]
fn a_refund_under_load_is_short_by_a_microsecond_at_most_unless_nobody_came_since() {
    let (limiter, _) = limiter(per_second(1_000_000_000, 5_000));
    let at = Nanos::from_nanos;
    for now in 0..1000 {
        limiter.take(1, at(now)).into_result().unwrap();
    }
    let early = limiter.take(4_000, at(1000)).into_result().unwrap();
    let last = limiter.take(900, at(1000)).into_result().unwrap();
    limiter.refund(last, 900, at(1000));
    assert!(limiter.peek(900, at(1000)).is_allowed(), "nobody came since: all of it");
    limiter.take(1, at(1001)).into_result().unwrap();
    limiter.refund(early, 4_000, at(1001));
    assert!(limiter.peek(4_000 - 1_024, at(1001)).is_allowed());
    assert!(!limiter.peek(5_000, at(1001)).is_allowed());
}

#[test]
fn a_limiter_can_start_empty() {
    let clock = ManualClock::new();
    let limiter = RateLimiter::with_clock(per_second(10, 5), clock.clone()).starting_empty();
    assert_eq!(limiter.try_acquire(1).unwrap_err().after, Some(millis(100)));
    assert_eq!(limiter.try_acquire(5).unwrap_err().after, Some(millis(500)));
    clock.advance(millis(500));
    limiter.try_acquire(5).unwrap();
}

#[test]
fn no_more_is_refunded_than_was_granted() {
    let gcra = Gcra::new(per_second(10, 5));
    let now = Nanos::from_nanos(1_000_000_000);
    let (cell, _) = gcra.decide(0, 5, now);
    let cell = gcra.refund(cell, &Grant::new(2, now.saturating_add(millis(900))), u64::MAX, now);
    assert!(gcra.decide(cell, 2, now).1.is_allowed());
    assert!(!gcra.decide(cell, 3, now).1.is_allowed());
}

#[test]
fn names_are_in_the_denial() {
    let clock = ManualClock::new();
    let limiter = RateLimiter::with_clock(Quota::per_second(1).unwrap(), clock).named("tokens");
    assert_eq!(limiter.name(), "tokens");
    assert_eq!(limiter.quota(), Quota::per_second(1).unwrap());
    limiter.try_acquire(1).unwrap();
    let denied = limiter.try_acquire(1).unwrap_err();
    assert_eq!(denied.to_string(), "rate limit \"tokens\" reached, next in 1.0s");
}

#[test]
fn at_the_end_of_the_clock_it_denies() {
    let (limiter, _) = limiter(per_second(1, 3));
    assert_eq!(limiter.take(1, Nanos::MAX), Decision::Deny(Denied::new("rate", None, 3)));
    limiter.charge(1, Nanos::MAX);
    assert!(!limiter.take(1, Nanos::MAX).is_allowed());
}

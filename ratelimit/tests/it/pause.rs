//! Pauses: a server said so.

use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, Nanos};
use steadfast_ratelimit::{Limiter, Quota, RateLimiter};

const fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn limiter() -> (RateLimiter<ManualClock>, ManualClock) {
    let clock = ManualClock::new();
    (RateLimiter::with_clock(Quota::per_second(10).unwrap().burst(5).unwrap(), clock.clone()), clock)
}

fn ahead(clock: &ManualClock, n: u64) -> Nanos {
    clock.now().saturating_add(millis(n))
}

#[test]
fn nothing_is_admitted_before_its_end_and_then_all_that_was_earned() {
    let (limiter, clock) = limiter();
    limiter.try_acquire(5).unwrap();
    limiter.pause_until(ahead(&clock, 300));
    assert_eq!(limiter.try_acquire(1).unwrap_err().after, Some(millis(300)));
    assert_eq!(limiter.try_acquire(5).unwrap_err().after, Some(millis(500)));
    assert!(!limiter.peek(1, clock.now()).is_allowed());
    assert!(limiter.try_acquire(6).unwrap_err().is_never());
    assert!(limiter.try_acquire(0).is_ok(), "a cost of 0 is always admitted");
    clock.advance(millis(299));
    assert!(limiter.try_acquire(1).is_err());
    clock.advance(millis(1));
    limiter.try_acquire(3).unwrap();
    assert!(limiter.try_acquire(1).is_err());
}

#[test]
fn of_several_the_one_that_ends_last_counts() {
    let (limiter, clock) = limiter();
    limiter.pause_until(ahead(&clock, 300));
    limiter.pause_until(ahead(&clock, 100));
    assert_eq!(limiter.try_acquire(1).unwrap_err().after, Some(millis(300)));
    limiter.pause_until(ahead(&clock, 400));
    assert_eq!(limiter.try_acquire(1).unwrap_err().after, Some(millis(400)));
    limiter.resume();
    limiter.try_acquire(5).unwrap();
    limiter.pause_until(ahead(&clock, 100));
    assert_eq!(limiter.try_acquire(1).unwrap_err().after, Some(millis(100)));
}

#[test]
fn charges_count_and_refunds_do_not_break_it() {
    let (limiter, clock) = limiter();
    let grant = limiter.try_acquire(5).unwrap();
    limiter.pause_until(ahead(&clock, 100));
    limiter.refund(grant, 5, clock.now());
    assert_eq!(limiter.try_acquire(1).unwrap_err().after, Some(millis(100)));
    limiter.charge(10, clock.now());
    assert_eq!(limiter.try_acquire(1).unwrap_err().after, Some(millis(600)));
}

#[test]
fn it_outlasts_a_change_of_quota() {
    let (limiter, clock) = limiter();
    limiter.pause_until(ahead(&clock, 100));
    limiter.set_quota(Quota::per_second(1).unwrap(), clock.now());
    assert_eq!(limiter.try_acquire(1).unwrap_err().after, Some(millis(100)));
}

#[test]
fn one_without_end_is_never() {
    let (limiter, _) = limiter();
    limiter.pause_until(Nanos::MAX);
    assert!(limiter.try_acquire(1).unwrap_err().is_never());
    limiter.resume();
    limiter.try_acquire(1).unwrap();
}

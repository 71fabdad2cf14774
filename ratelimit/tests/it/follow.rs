//! Following what a server says about its own limit.

use std::time::Duration;

use steadfast_clock::{Clock, ManualClock};
use steadfast_ratelimit::{Limiter, Observed, Quota, RateLimiter};

fn limiter() -> (RateLimiter<ManualClock>, ManualClock) {
    let clock = ManualClock::new();
    (RateLimiter::with_clock(Quota::per_second(1).unwrap().burst(60).unwrap(), clock.clone()), clock)
}

#[test]
fn nothing_left_is_a_pause_until_the_reset() {
    let (limiter, clock) = limiter();
    Observed::new().limit(60).remaining(0).resets_in(Duration::from_secs(20)).apply(&limiter, clock.now());
    let denied = limiter.try_acquire(1).unwrap_err();
    assert_eq!(denied.after, Some(Duration::from_secs(20)));
    clock.advance(Duration::from_secs(20));
    assert!(limiter.try_acquire(1).is_ok());
}

#[test]
fn less_left_than_we_thought_is_charged_and_more_is_not_given() {
    let (limiter, clock) = limiter();
    Observed::new().remaining(10).apply(&limiter, clock.now());
    Observed::new().remaining(10).apply(&limiter, clock.now());
    assert!(limiter.peek(10, clock.now()).is_allowed());
    assert!(!limiter.peek(11, clock.now()).is_allowed());
    Observed::new().remaining(50).resets_in(Duration::from_secs(5)).apply(&limiter, clock.now());
    Observed::new().apply(&limiter, clock.now());
    assert!(!limiter.peek(11, clock.now()).is_allowed());
    limiter.charge(100, clock.now());
    Observed::new().remaining(0).apply(&limiter, clock.now());
    assert_eq!(limiter.try_acquire(1).unwrap_err().after, Some(Duration::from_secs(91)));
}

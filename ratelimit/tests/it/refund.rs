//! Giving back, step by step, where it once went wrong.

use std::time::Duration;

use steadfast_clock::Nanos;
use steadfast_ratelimit::{Decision, Grant, Limiter, Quota, RateLimiter};

fn micros(n: u64) -> Nanos {
    Nanos::from_nanos(n * 1000)
}

fn take(limiter: &impl Limiter, cost: u64, at: u64) -> Grant {
    match limiter.take(cost, micros(at)) {
        Decision::Allow(grant) => grant,
        other => panic!("{other:?}"),
    }
}

/// The refund of an older grant and a newer taker bring the cell back to where a grant left it, although that one has
/// been earned meanwhile.
fn a_cell_that_comes_back_does_not_revive_a_grant(limiter: &impl Limiter) {
    for _ in 0..3 {
        let _ = take(limiter, 1, 0);
    }
    let older = take(limiter, 3, 120);
    let revived = take(limiter, 1, 161);
    limiter.refund(older, 1, micros(195));
    let _newer = take(limiter, 1, 219);
    limiter.refund(revived, 1, micros(161));
    assert!(!limiter.take(3, micros(240)).is_allowed(), "four within 21 us, at one in 40 and a burst of three");
}

fn quota() -> Quota {
    Quota::new(1, Duration::from_micros(40)).unwrap().burst(3).unwrap()
}

#[test]
fn a_limiter_does_not_revive_a_grant() {
    a_cell_that_comes_back_does_not_revive_a_grant(&RateLimiter::new(quota()));
}

#[cfg(feature = "std")]
#[test]
fn a_key_does_not_revive_a_grant() {
    let keyed = steadfast_ratelimit::Keyed::<u64>::with_capacity(quota(), 16);
    a_cell_that_comes_back_does_not_revive_a_grant(&keyed.of(&7));
}

//! A direct limiter on one thread that always allows, however fast it is asked.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::clock::FakeRelativeClock;
use steadfast_clock::Nanos;
use steadfast_ratelimit::{Limiter, Quota, RateLimiter};

use crate::Row;

/// One permit a nanosecond: slower than anyone can ask, and still an interval of whole nanoseconds.
const RATE: NonZeroU32 = NonZeroU32::new(1_000_000_000).expect("not zero");

/// Each on the precise clock it comes with.
pub fn on_its_clock() -> Row {
    let ours = RateLimiter::new(quota());
    let governor = governor::RateLimiter::direct(governor::Quota::per_second(RATE));
    Row::new("limiter: allowed, own clock", move |n| {
        for _ in 0..n {
            assert!(black_box(ours.try_acquire(1)).is_ok());
        }
    })
    .peer("governor", move |n| {
        for _ in 0..n {
            assert!(black_box(governor.check()).is_ok());
        }
    })
    .reach(1.0, "governor")
}

/// The arithmetic alone, against the one atomic exchange that it cannot do without.
pub fn now_given() -> Row {
    let ours = RateLimiter::new(quota());
    let mut now = 0;
    let clock = FakeRelativeClock::default();
    let governor = governor::RateLimiter::direct_with_clock(governor::Quota::per_second(RATE), clock);
    let cell = AtomicU64::new(0);
    Row::new("limiter: allowed, `now` given", move |n| {
        for _ in 0..n {
            now += 10;
            assert!(black_box(ours.take(1, Nanos::from_nanos(now))).is_allowed());
        }
    })
    .peer("governor", move |n| {
        // Its clock cannot be handed in, and standing still it would soon deny: a burst of 10^9 lasts for these.
        for _ in 0..n {
            let _ = black_box(governor.check());
        }
    })
    .floor("compare and swap", move |n| {
        for _ in 0..n {
            let seen = cell.load(Ordering::Relaxed);
            let _ = black_box(cell.compare_exchange_weak(seen, seen + 1, Ordering::AcqRel, Ordering::Relaxed));
        }
    })
    .reach(1.2, "compare and swap")
}

fn quota() -> Quota {
    let rate = u64::from(RATE.get());
    Quota::per_second(rate).and_then(|quota| quota.burst(rate)).expect("a quota that works")
}

//! On one thread.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::clock::{FakeRelativeClock, QuantaUpkeepClock};
use steadfast_clock::{Clock, Coarse, Nanos, Tsc};
use steadfast_ratelimit::{Limiter, RateLimiter};

use super::shared::governor_on_two;
use super::{LEASE, RATE, TICK, quota, theirs};
use crate::Row;

/// Each on the precise clock that suits it best.
pub(super) fn on_its_clock() -> Row {
    let ours = RateLimiter::with_clock(quota(), Tsc::new());
    let governor = governor::RateLimiter::direct(theirs());
    let rate = u64::from(RATE.get());
    let ratelimit = ratelimit::Ratelimiter::builder(rate).max_tokens(rate).initial_available(rate).build();
    let ratelimit = ratelimit.expect("a limit that works");
    let throttle = throttle_net::Throttle::per_second(RATE.get());
    let bucket = leaky_bucket::RateLimiter::builder().max(1 << 60).initial(1 << 60).build();
    Row::new("limiter: allowed, precise clock", move |n| {
        for _ in 0..n {
            assert!(black_box(&ours).try_acquire(1).is_ok());
        }
    })
    .peer("governor", move |n| {
        for _ in 0..n {
            assert!(black_box(&governor).check().is_ok());
        }
    })
    .peer("ratelimit", move |n| {
        for _ in 0..n {
            assert!(black_box(&ratelimit).try_wait().is_ok());
        }
    })
    .peer("throttle-net", move |n| {
        for _ in 0..n {
            assert!(black_box(&throttle).try_acquire());
        }
    })
    .peer("leaky-bucket", move |n| {
        for _ in 0..n {
            assert!(black_box(&bucket).try_acquire(1));
        }
    })
    .reach(1.0, "governor")
}

/// Each on a clock that a thread of its own brings up to date.
pub(super) fn on_a_coarse_clock() -> Row {
    let clock = Coarse::start(TICK).expect("a thread to be had");
    let ours = RateLimiter::with_clock(quota(), clock);
    let clock = QuantaUpkeepClock::from_interval(TICK).expect("a thread to be had");
    let governor = governor::RateLimiter::direct_with_clock(theirs(), clock);
    Row::new("limiter: allowed, coarse clock", move |n| {
        for _ in 0..n {
            assert!(black_box(&ours).try_acquire(1).is_ok());
        }
    })
    .peer("governor (upkeep clock)", move |n| {
        for _ in 0..n {
            assert!(black_box(&governor).check().is_ok());
        }
    })
    .reach(0.95, "governor (upkeep clock)")
}

/// The arithmetic alone, against the one atomic exchange that it cannot do without.
pub(super) fn now_given() -> Row {
    let ours = RateLimiter::new(quota());
    let mut now = 0;
    let governor = governor::RateLimiter::direct_with_clock(theirs(), FakeRelativeClock::default());
    let cell = AtomicU64::new(0);
    Row::new("limiter: allowed, `now` given", move |n| {
        for _ in 0..n {
            now += 10;
            assert!(black_box(&ours).take(1, Nanos::from_nanos(now)).is_allowed());
        }
    })
    .peer("governor", move |n| {
        // Its clock cannot be handed in, and standing still it would soon deny: a burst of 10^9 lasts for these.
        for _ in 0..n {
            assert!(black_box(&governor).check().is_ok());
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

/// One thread that takes its permits many at a time, against what sharing costs without.
pub(super) fn leased() -> Row {
    let clock = Coarse::start(TICK).expect("a thread to be had");
    let ours = steadfast_ratelimit::Lease::new(RateLimiter::with_clock(quota(), clock.clone()), LEASE);
    let row = Row::new("limiter: leased by 64, 1 thread", move |n| {
        for _ in 0..n {
            assert!(black_box(&ours).take(1, clock.now()).is_allowed());
        }
    });
    governor_on_two(row).reach(0.1, "governor")
}

//! On two threads that share one limit.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use steadfast_clock::{Clock, Coarse, Tsc};
use steadfast_ratelimit::{Lease, Limiter, RateLimiter};

use super::{LEASE, RATE, TICK, quota, theirs};
use crate::Row;

/// Each on the precise clock that suits it best, and every call at the same cell.
pub(super) fn on_one_cell() -> Row {
    let ours = Arc::new(RateLimiter::with_clock(quota(), Tsc::new()));
    let cell = Arc::new(AtomicU64::new(0));
    let row = Row::on_two("limiter: allowed, precise clock, 2 threads", || {
        let ours = Arc::clone(&ours);
        move |n| {
            for _ in 0..n {
                assert!(black_box(&ours).try_acquire(1).is_ok());
            }
        }
    });
    others_on_two(governor_on_two(row))
        .floor_on_two("compare and swap", || {
            let cell = Arc::clone(&cell);
            move |n| {
                for _ in 0..n {
                    let add = |seen| Some(seen + 1);
                    let _ = black_box(cell.fetch_update(Ordering::AcqRel, Ordering::Relaxed, add));
                }
            }
        })
        .reach(0.9, "governor")
}

/// Each thread with a lease of its own, on a clock that is read more often than it moves.
pub(super) fn leased() -> Row {
    let clock = Coarse::start(TICK).expect("a thread to be had");
    let limiter = Arc::new(RateLimiter::with_clock(quota(), clock.clone()));
    let row = Row::on_two("limiter: leased by 64, 2 threads", || {
        let (ours, clock) = (Lease::new(Arc::clone(&limiter), LEASE), clock.clone());
        move |n| {
            for _ in 0..n {
                assert!(black_box(&ours).take(1, clock.now()).is_allowed());
            }
        }
    });
    governor_on_two(row).reach(0.1, "governor")
}

pub(super) fn governor_on_two(row: Row) -> Row {
    let governor = Arc::new(governor::RateLimiter::direct(theirs()));
    row.peer_on_two("governor", || {
        let governor = Arc::clone(&governor);
        move |n| {
            for _ in 0..n {
                assert!(black_box(&governor).check().is_ok());
            }
        }
    })
}

fn others_on_two(row: Row) -> Row {
    let rate = u64::from(RATE.get());
    let ratelimit = ratelimit::Ratelimiter::builder(rate).max_tokens(rate).initial_available(rate).build();
    let ratelimit = Arc::new(ratelimit.expect("a limit that works"));
    let throttle = Arc::new(throttle_net::Throttle::per_second(RATE.get()));
    let bucket = Arc::new(leaky_bucket::RateLimiter::builder().max(1 << 60).initial(1 << 60).build());
    row.peer_on_two("ratelimit", || {
        let ratelimit = Arc::clone(&ratelimit);
        move |n| {
            for _ in 0..n {
                assert!(black_box(&ratelimit).try_wait().is_ok());
            }
        }
    })
    .peer_on_two("throttle-net", || {
        let throttle = Arc::clone(&throttle);
        move |n| {
            for _ in 0..n {
                assert!(black_box(&throttle).try_acquire());
            }
        }
    })
    .peer_on_two("leaky-bucket", || {
        let bucket = Arc::clone(&bucket);
        move |n| {
            for _ in 0..n {
                assert!(black_box(&bucket).try_acquire(1));
            }
        }
    })
}

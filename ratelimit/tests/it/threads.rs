//! Many threads at once, on a manual clock that moves under them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use steadfast_clock::{Clock, ManualClock};
use steadfast_ratelimit::{Limiter, Quota, RateLimiter};

use crate::bound::excess;

const THREADS: u64 = 4;

/// Runs `job` on every thread with its number and how far, while the clock moves on by 100 ns steps.
pub(crate) fn storm(clock: &ManualClock, job: impl Fn(u64) -> Option<(u64, u64)> + Sync) -> Vec<(u64, u64)> {
    let running = AtomicBool::new(true);
    thread::scope(|scope| {
        let (job, running) = (&job, &running);
        let mover = scope.spawn(move || {
            while running.load(Ordering::Relaxed) {
                clock.advance(Duration::from_nanos(100));
                thread::yield_now();
            }
        });
        let threads: Vec<_> =
            (0..THREADS).map(|i| scope.spawn(move || (0..5000).filter_map(|_| job(i)).collect::<Vec<_>>())).collect();
        let grants = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        running.store(false, Ordering::Relaxed);
        mover.join().unwrap();
        grants
    })
}

#[test]
fn the_bound_holds_under_four_threads() {
    for (permits, burst) in [(1_000_000, 1), (7_000_000, 5), (900_000, 40)] {
        let clock = ManualClock::new();
        let quota = Quota::per_second(permits).unwrap().burst(burst).unwrap();
        let limiter = RateLimiter::with_clock(quota, clock.clone());
        let grants = storm(&clock, |i| {
            let cost = 1 + i % burst;
            limiter.try_acquire(cost).ok().map(|grant| (grant.at().as_nanos(), grant.cost()))
        });
        assert!(!grants.is_empty());
        assert_eq!(excess(quota, grants), None);
    }
}

#[test]
fn standing_time_gives_exactly_one_burst() {
    let clock = ManualClock::new();
    let limiter = RateLimiter::with_clock(Quota::per_second(1).unwrap().burst(1000).unwrap(), clock);
    let admitted: usize = thread::scope(|scope| {
        let limiter = &limiter;
        let threads: Vec<_> = (0..THREADS)
            .map(|_| scope.spawn(move || (0..1000).filter(|_| limiter.try_acquire(1).is_ok()).count()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(admitted, 1000);
}

#[test]
fn the_bound_holds_with_refunds_from_threads_whose_clocks_lag() {
    let clock = ManualClock::new();
    let quota = Quota::per_second(2_000_000).unwrap().burst(20).unwrap();
    let limiter = RateLimiter::with_clock(quota, clock.clone());
    let used = storm(&clock, |i| {
        let lagging = clock.now();
        let grant = limiter.try_acquire(1 + i * 3).ok()?;
        let (at, cost) = (grant.at().as_nanos(), grant.cost());
        let unused = cost / 2;
        limiter.refund(grant, unused, lagging);
        Some((at, cost - unused))
    });
    assert!(!used.is_empty());
    assert_eq!(excess(quota, used), None);
}

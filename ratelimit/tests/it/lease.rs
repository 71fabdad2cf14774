//! Leases: permits taken many at a time.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, Nanos};
use steadfast_ratelimit::{Lease, Limiter, Quota, RateLimiter};

use crate::bound::excess;

const fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn limiter(burst: u64) -> (RateLimiter<ManualClock>, ManualClock) {
    let clock = ManualClock::new();
    (RateLimiter::with_clock(Quota::per_second(10).unwrap().burst(burst).unwrap(), clock.clone()), clock)
}

#[test]
fn it_takes_many_at_a_time_and_gives_the_rest_back() {
    let (limiter, clock) = limiter(20);
    let now = clock.now();
    let lease = limiter.lease(8);
    assert!(lease.take(1, now).is_allowed());
    assert_eq!((lease.size(), lease.stock()), (8, 7));
    assert!(limiter.peek(12, now).is_allowed() && !limiter.peek(13, now).is_allowed());
    assert!(lease.take(9, now).is_allowed(), "more than its size goes past the stock");
    assert_eq!(lease.stock(), 7);
    lease.release(now);
    assert_eq!(lease.stock(), 0);
    assert!(limiter.peek(10, now).is_allowed() && !limiter.peek(11, now).is_allowed());
    assert!(lease.take(3, now).is_allowed());
    drop(lease);
    assert!(limiter.peek(7, now).is_allowed() && !limiter.peek(8, now).is_allowed());
}

#[test]
fn where_fewer_are_to_be_had_it_takes_what_is_asked_for() {
    let (limiter, clock) = limiter(20);
    let now = clock.now();
    let lease = limiter.lease(16);
    assert!(lease.take(14, now).is_allowed());
    assert!(lease.take(5, now).is_allowed(), "2 of the stock and 3 more");
    assert_eq!(lease.stock(), 0);
    assert!(lease.take(1, now).is_allowed());
    assert_eq!(lease.take(3, now).into_result().unwrap_err().after, Some(millis(300)));
    assert!(lease.take(21, now).into_result().unwrap_err().is_never());
    assert!(lease.take(0, now).is_allowed());
}

#[test]
fn it_asks_and_charges_and_refunds_for_all() {
    let (limiter, clock) = limiter(20);
    let now = clock.now();
    let lease = limiter.lease(10);
    let grant = lease.take(4, now).into_result().unwrap();
    assert!(lease.peek(16, now).into_result().is_err(), "above its size only the shared ones count");
    assert!(lease.peek(10, now).is_allowed());
    lease.charge(8, now);
    assert!(lease.peek(8, now).is_allowed() && !lease.peek(9, now).is_allowed());
    lease.refund(grant, 3, now);
    assert!(limiter.peek(5, now).is_allowed() && !limiter.peek(6, now).is_allowed());
    assert_eq!(lease.stock(), 6);
}

#[test]
fn what_has_decayed_is_not_given_back() {
    let (limiter, clock) = limiter(20);
    let lease = limiter.lease(10);
    assert!(lease.take(5, clock.now()).is_allowed());
    clock.advance(millis(1000));
    limiter.try_acquire(20).unwrap();
    lease.release(clock.now());
    assert!(limiter.try_acquire(1).is_err());
}

#[test]
fn a_size_that_cannot_be_had_only_passes_on() {
    for size in [0, 1, 21, u64::MAX] {
        let (limiter, clock) = limiter(20);
        let lease = limiter.lease(size);
        assert!(lease.take(19, clock.now()).is_allowed());
        assert!(lease.take(1, clock.now()).is_allowed());
        assert!(!lease.take(1, clock.now()).is_allowed());
        assert!(!lease.take(u64::MAX, clock.now()).is_allowed());
    }
}

#[test]
fn its_time_does_not_go_backwards() {
    let (limiter, clock) = limiter(4);
    let before = clock.now();
    let lease = limiter.lease(1);
    clock.advance(millis(1000));
    assert!(lease.take(4, clock.now()).is_allowed());
    assert_eq!(lease.take(1, before).into_result().unwrap_err().after, Some(millis(100)));
}

#[test]
fn owned_ones_on_many_threads_give_out_just_the_burst() {
    let clock = ManualClock::new();
    let now = clock.now();
    let quota = Quota::per_second(1).unwrap().burst(1000).unwrap();
    let limiter = Arc::new(RateLimiter::with_clock(quota, clock));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let lease = Lease::new(Arc::clone(&limiter), 7);
            thread::spawn(move || (0..240).filter(|_| lease.take(1, now).is_allowed()).count())
        })
        .collect();
    let admitted: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(admitted, 960);
    assert_eq!((0..100).filter(|_| limiter.take(1, now).is_allowed()).count(), 40, "the rest came back");
    assert_eq!(excess(quota, vec![(now.as_nanos(), 1000)]), None);
}

#[test]
fn a_hot_key_is_leased_like_any_limiter() {
    let quota = Quota::per_second(1).unwrap().burst(10).unwrap();
    let keyed = steadfast_ratelimit::Keyed::<str>::with_capacity(quota, 16);
    let now = Nanos::from_nanos(5_000_000_000);
    let lease = Lease::new(keyed.of("hot"), 4);
    assert!(lease.take(1, now).is_allowed());
    assert_eq!(lease.stock(), 3);
    assert!(keyed.of("hot").take(6, now).is_allowed());
    assert!(!keyed.of("hot").take(1, now).is_allowed(), "the rest is in the lease");
    assert!(lease.take(3, now).is_allowed());
    assert!(!lease.take(1, now).is_allowed());
    assert!(keyed.of("cold").take(10, now).is_allowed());
}

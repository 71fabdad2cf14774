//! Waiting while the quota changes, and through pauses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, Nanos};
use steadfast_ratelimit::{Denied, Quota, RateLimiter};

use super::{Waiter, at_once, millis, per_second, poll, poll_all, wait};

#[test]
fn a_line_waits_a_pause_out_and_then_goes_by_what_was_earned() {
    let (limiter, clock) = (per_second(10, 2), ManualClock::new());
    at_once(&limiter, 2, None, &clock).unwrap();
    let mut line: Vec<_> = (0..4).map(|_| wait(&limiter, 1, &clock)).collect();
    limiter.pause_until(clock.now().saturating_add(millis(1000)));
    let start = clock.now();
    clock.advance(millis(999));
    assert!(poll_all(&mut line).is_empty());
    clock.advance(millis(1));
    assert_eq!(poll_all(&mut line).len(), 2);
    clock.advance(millis(100));
    assert_eq!(poll_all(&mut line).len(), 1);
    assert_eq!(clock.now().since(start), millis(1100));
}

#[test]
fn a_pause_that_outlasts_the_deadline_refuses_at_once() {
    let (limiter, clock) = (per_second(10, 2), ManualClock::new());
    let start = clock.now();
    limiter.pause_until(start.saturating_add(millis(500)));
    let denied = Denied::new("rate", Some(millis(500)), 2);
    assert_eq!(at_once(&limiter, 1, Some(start.saturating_add(millis(499))), &clock), Err(denied));
    let mut fits: Waiter<'_> = Box::pin(limiter.acquire(1, Some(start.saturating_add(millis(500))), &clock));
    assert!(poll(&mut fits).is_pending());
}

/// A waker that counts how often it is asked to wake.
#[derive(Default)]
struct Woken(AtomicU32);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn the_head_of_the_line_is_woken_when_a_pause_is_lifted_or_the_quota_changes() {
    fn check(change: impl Fn(&RateLimiter<ManualClock>, Nanos)) {
        let (limiter, clock) = (per_second(1, 1), ManualClock::new());
        at_once(&limiter, 1, None, &clock).unwrap();
        clock.advance(millis(500));
        limiter.pause_until(clock.now().saturating_add(Duration::from_secs(60)));
        let (mut head, mut second) = (wait(&limiter, 1, &clock), wait(&limiter, 1, &clock));
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        assert!(head.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        change(&limiter, clock.now());
        assert!(woken.0.load(Ordering::Relaxed) >= 1, "the head looks again");
        limiter.resume();
        assert!(poll(&mut head).is_pending(), "half a permit is not one");
        clock.advance(millis(500));
        match poll(&mut head) {
            Poll::Ready(Ok(grant)) => assert_eq!(grant.at(), clock.now()),
            other => panic!("{other:?}"),
        }
        drop(head);
        assert!(poll(&mut second).is_pending());
    }
    check(|limiter, _| limiter.resume());
    check(|limiter, now| limiter.set_quota(limiter.quota(), now));
}

#[test]
fn a_faster_quota_releases_the_line_sooner_and_a_slower_one_later() {
    let (limiter, clock) = (per_second(1, 1), ManualClock::new());
    at_once(&limiter, 1, None, &clock).unwrap();
    let mut line: Vec<_> = (0..3).map(|_| wait(&limiter, 1, &clock)).collect();
    limiter.set_quota(Quota::per_second(100).unwrap(), clock.now());
    assert!(poll_all(&mut line).is_empty());
    clock.advance(millis(10));
    assert_eq!(poll_all(&mut line).len(), 1);
    limiter.set_quota(Quota::per_minute(1).unwrap(), clock.now());
    clock.advance(Duration::from_secs(59));
    assert!(poll_all(&mut line).is_empty());
    clock.advance(Duration::from_secs(1));
    assert_eq!(poll_all(&mut line).len(), 1);
}

#[test]
fn a_waiter_above_a_smaller_burst_is_told_never() {
    let (limiter, clock) = (per_second(1, 5), ManualClock::new());
    at_once(&limiter, 5, None, &clock).unwrap();
    let mut large = wait(&limiter, 3, &clock);
    limiter.set_quota(Quota::per_second(1).unwrap().burst(2).unwrap(), clock.now());
    match poll(&mut large) {
        Poll::Ready(Err(denied)) => assert_eq!(denied, Denied::new("rate", None, 2)),
        other => panic!("{other:?}"),
    }
}

//! Waiting in line: order, deadlines, cancellation, late timers.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, Nanos, SharedTimer, TokioTimer, shared};
use steadfast_ratelimit::{Denied, Grant, Limiter, Quota, RateLimiter};

use crate::bound::excess;

mod change;
mod coarse;

type Waiter<'a> = Pin<Box<dyn Future<Output = Result<Grant, Denied>> + Send + 'a>>;

fn per_second(permits: u64, burst: u64) -> RateLimiter<ManualClock> {
    // Waiting never reads the limiter's own clock: only the timer's.
    RateLimiter::with_clock(Quota::per_second(permits).unwrap().burst(burst).unwrap(), ManualClock::new())
}

fn poll(waiter: &mut Waiter<'_>) -> Poll<Result<Grant, Denied>> {
    waiter.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// A waiter that has been polled once and is in line.
fn wait<'a>(limiter: &'a RateLimiter<ManualClock>, cost: u64, clock: &'a ManualClock) -> Waiter<'a> {
    let mut waiter: Waiter<'a> = Box::pin(limiter.acquire(cost, None, clock));
    assert!(poll(&mut waiter).is_pending());
    waiter
}

/// What is answered without waiting.
fn at_once(
    limiter: &RateLimiter<ManualClock>,
    cost: u64,
    deadline: Option<Nanos>,
    clock: &ManualClock,
) -> Result<Grant, Denied> {
    let mut waiter: Waiter<'_> = Box::pin(limiter.acquire(cost, deadline, clock));
    match poll(&mut waiter) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it waits"),
    }
}

const fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[tokio::test(start_paused = true)]
async fn waiters_are_served_in_order_one_interval_apart() {
    let timer: SharedTimer = shared(TokioTimer::new());
    let limiter = Arc::new(RateLimiter::new(Quota::per_second(10).unwrap()));
    let start = timer.now();
    let served = Arc::new(Mutex::new(Vec::new()));
    let tasks: Vec<_> = (0..6u64)
        .map(|i| {
            let (limiter, timer, served) = (Arc::clone(&limiter), Arc::clone(&timer), Arc::clone(&served));
            tokio::spawn(async move {
                let grant = limiter.acquire(1, None, &timer).await.unwrap();
                assert!(timer.now() >= grant.at(), "never early");
                assert_eq!(grant.at().since(start).as_millis(), u128::from(i) * 100);
                served.lock().unwrap().push(i);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*served.lock().unwrap(), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_small_cost_does_not_overtake_a_large_one() {
    let (limiter, clock) = (per_second(10, 5), ManualClock::new());
    at_once(&limiter, 5, None, &clock).unwrap();
    let mut large = wait(&limiter, 5, &clock);
    clock.advance(millis(200));
    let mut small = wait(&limiter, 1, &clock);
    clock.advance(millis(300));
    assert!(poll(&mut small).is_pending());
    assert!(poll(&mut large).is_ready());
    assert!(poll(&mut small).is_pending());
    clock.advance(millis(100));
    assert!(poll(&mut small).is_ready());
}

#[test]
fn a_cost_above_the_burst_is_refused_at_once() {
    let (limiter, clock) = (per_second(10, 5), ManualClock::new());
    let never = Denied::new("rate", None, 5);
    assert_eq!(at_once(&limiter, 6, None, &clock), Err(never));
    at_once(&limiter, 5, None, &clock).unwrap();
    let _line = wait(&limiter, 1, &clock);
    assert_eq!(at_once(&limiter, u64::MAX, Some(Nanos::MAX), &clock), Err(never));
}

#[test]
fn a_cost_of_zero_never_waits() {
    let (limiter, clock) = (per_second(10, 1), ManualClock::new());
    at_once(&limiter, 1, None, &clock).unwrap();
    let _line = wait(&limiter, 1, &clock);
    assert_eq!(at_once(&limiter, 0, Some(Nanos::ZERO), &clock).unwrap().cost(), 0);
}

#[test]
fn what_cannot_be_in_time_is_refused_at_once() {
    let (limiter, clock) = (per_second(1, 1), ManualClock::new());
    let start = clock.now();
    let within = |millis| Some(start.saturating_add(Duration::from_millis(millis)));
    assert!(at_once(&limiter, 1, within(0), &clock).is_ok());
    let denied = Denied::new("rate", Some(millis(1000)), 1);
    assert_eq!(at_once(&limiter, 1, within(999), &clock), Err(denied));

    let _first = wait(&limiter, 1, &clock);
    let _second = wait(&limiter, 1, &clock);
    let denied = Denied::new("rate", Some(millis(3000)), 1);
    assert_eq!(at_once(&limiter, 1, within(2999), &clock), Err(denied), "those ahead come first");
    let mut third: Waiter<'_> = Box::pin(limiter.acquire(1, within(3000), &clock));
    assert!(poll(&mut third).is_pending(), "this fits");
}

#[test]
fn a_refused_waiter_costs_nothing() {
    let (limiter, clock) = (per_second(1, 1), ManualClock::new());
    at_once(&limiter, 1, None, &clock).unwrap();
    for _ in 0..100 {
        assert!(at_once(&limiter, 1, Some(clock.now()), &clock).is_err());
    }
    let mut waiter = wait(&limiter, 1, &clock);
    clock.advance(millis(1000));
    assert!(poll(&mut waiter).is_ready());
}

#[test]
fn a_cancelled_waiter_costs_nothing_and_those_behind_move_up() {
    let (limiter, clock) = (per_second(1, 1), ManualClock::new());
    at_once(&limiter, 1, None, &clock).unwrap();
    let start = clock.now();
    let head = wait(&limiter, 1, &clock);
    let middle = wait(&limiter, 1, &clock);
    let mut last = wait(&limiter, 1, &clock);
    drop(middle);
    drop(head);
    assert!(poll(&mut last).is_pending());
    clock.advance(millis(1000));
    match poll(&mut last) {
        Poll::Ready(Ok(grant)) => assert_eq!(grant.at().since(start), millis(1000)),
        other => panic!("{other:?}"),
    }
    let denied = at_once(&limiter, 1, Some(clock.now()), &clock).unwrap_err();
    assert_eq!(denied.after, Some(millis(1000)), "nobody is counted as ahead any more");
}

#[test]
fn a_waiter_whose_permits_are_taken_is_refused_when_that_is_known() {
    let (limiter, clock) = (per_second(1, 5), ManualClock::new());
    at_once(&limiter, 5, None, &clock).unwrap();
    let deadline = clock.now().saturating_add(millis(2500));
    let mut head: Waiter<'_> = Box::pin(limiter.acquire(1, Some(deadline), &clock));
    let mut second: Waiter<'_> = Box::pin(limiter.acquire(1, Some(deadline), &clock));
    let mut patient: Waiter<'_> = Box::pin(limiter.acquire(1, None, &clock));
    for waiter in [&mut head, &mut second, &mut patient] {
        assert!(poll(waiter).is_pending());
    }
    limiter.charge(3, clock.now());
    clock.advance(millis(1000));
    match poll(&mut head) {
        Poll::Ready(Err(denied)) => assert_eq!(denied.after, Some(millis(3000))),
        other => panic!("{other:?}"),
    }
    drop(head);
    assert!(poll(&mut patient).is_pending());
    match poll(&mut second) {
        Poll::Ready(Err(denied)) => assert_eq!(denied.after, Some(millis(3000))),
        other => panic!("{other:?}"),
    }
    drop(second);
    assert!(poll(&mut patient).is_pending());
    clock.advance(millis(3000));
    assert!(poll(&mut patient).is_ready());
}

#[test]
fn a_waiter_behind_a_patient_one_does_not_outstay_its_deadline() {
    let (limiter, clock) = (per_second(1, 1), ManualClock::new());
    at_once(&limiter, 1, None, &clock).unwrap();
    let mut head = wait(&limiter, 1, &clock);
    let deadline = clock.now().saturating_add(millis(2500));
    let mut second: Waiter<'_> = Box::pin(limiter.acquire(1, Some(deadline), &clock));
    assert!(poll(&mut second).is_pending());
    limiter.charge(10, clock.now());
    clock.advance(millis(1000));
    assert!(poll(&mut head).is_pending(), "it waits on, for the charge");
    clock.advance(millis(1500) + millis(10));
    assert!(poll(&mut head).is_pending());
    match poll(&mut second) {
        Poll::Ready(Err(denied)) => assert!(denied.after.unwrap() > Duration::from_secs(8)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn sixty_four_waiters_on_a_millisecond_timer_get_their_hundred_thousand_a_second() {
    let timer = TokioTimer::new();
    let limiter = Arc::new(RateLimiter::new(Quota::per_second(100_000).unwrap()));
    let end = timer.now().saturating_add(Duration::from_secs(1));
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let limiter = Arc::clone(&limiter);
            tokio::spawn(async move {
                let mut grants = Vec::new();
                while timer.now() < end {
                    let grant = limiter.acquire(1, None, &timer).await.unwrap();
                    grants.push((grant.at().as_nanos(), timer.now().as_nanos()));
                }
                grants
            })
        })
        .collect();
    let mut grants = Vec::new();
    for task in tasks {
        grants.extend(task.await.unwrap());
    }
    grants.sort_unstable();
    let in_time = grants.iter().filter(|(stamp, _)| *stamp < end.as_nanos()).count();
    assert!((99_000..=100_001).contains(&in_time), "{in_time}");
    // By their stamps the law is exact: one every 10,000 ns. No grant is early, none is stamped 10 ms too early.
    assert!(grants.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 10_000));
    assert!(grants.iter().all(|(stamp, real)| stamp <= real && real - stamp <= 10_000_000));
}

#[test]
fn a_process_that_was_suspended_is_not_owed_a_burst() {
    let (limiter, clock) = (per_second(1000, 2), ManualClock::new());
    at_once(&limiter, 2, None, &clock).unwrap();
    let mut line: Vec<_> = (0..100).map(|_| wait(&limiter, 1, &clock)).collect();
    clock.advance(Duration::from_secs(3600));
    let resumed = clock.now();
    let released = poll_all(&mut line);
    // A burst of 2, and 10 ms of 1000 a second.
    assert_eq!(released.len(), 12);
    assert!(released.iter().all(|stamp| resumed.as_nanos() - stamp <= 10_000_000));
    assert_eq!(excess(limiter.quota(), released.into_iter().map(|at| (at, 1)).collect()), None);
}

#[test]
fn nor_is_one_that_was_suspended_behind_someone_who_gave_up() {
    let (limiter, clock) = (per_second(1000, 2), ManualClock::new());
    at_once(&limiter, 1, None, &clock).unwrap();
    let head = wait(&limiter, 2, &clock);
    let mut line: Vec<_> = (0..100).map(|_| wait(&limiter, 1, &clock)).collect();
    clock.advance(Duration::from_secs(3600));
    let resumed = clock.now();
    drop(head);
    let released = poll_all(&mut line);
    assert_eq!(released.len(), 12);
    assert!(released.iter().all(|stamp| resumed.as_nanos() - stamp <= 10_000_000));
}

/// Polls until nobody moves any more; the stamps of those who were released.
fn poll_all(line: &mut Vec<Waiter<'_>>) -> Vec<u64> {
    let mut released = Vec::new();
    loop {
        let before = released.len();
        line.retain_mut(|waiter| match poll(waiter) {
            Poll::Ready(answer) => {
                released.push(answer.unwrap().at().as_nanos());
                false
            }
            Poll::Pending => true,
        });
        if released.len() == before {
            return released;
        }
    }
}

#[test]
fn after_a_rest_the_burst_is_strict_however_late_the_last_wake_was() {
    let (limiter, clock) = (per_second(100_000, 1), ManualClock::new());
    at_once(&limiter, 1, None, &clock).unwrap();
    let mut late = wait(&limiter, 1, &clock);
    clock.advance(millis(1));
    match poll(&mut late) {
        Poll::Ready(Ok(grant)) => assert_eq!(clock.now().since(grant.at()), Duration::from_micros(990)),
        other => panic!("{other:?}"),
    }
    clock.advance(millis(500));
    assert_eq!(at_once(&limiter, 1, None, &clock).unwrap().at(), clock.now());
    let _waits = wait(&limiter, 1, &clock);
}

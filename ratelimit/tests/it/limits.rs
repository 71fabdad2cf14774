//! Several limits at once: reserve, settle, drop, wait.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, Nanos};
use steadfast_ratelimit::{Decision, Denied, Grant, Limiter, Limits, LimitsError, Quota, RateLimiter, Reservation};

fn model() -> (Limits<ManualClock>, ManualClock) {
    let clock = ManualClock::new();
    let limiter = |per_second: u64, burst: u64| {
        let quota = Quota::per_second(per_second).unwrap().burst(burst).unwrap();
        Arc::new(RateLimiter::with_clock(quota, clock.clone()))
    };
    (Limits::new(clock.clone()).with("requests", limiter(1, 3)).with("tokens", limiter(100, 1000)), clock)
}

#[test]
fn a_denial_names_the_limit_that_takes_longest_and_takes_nothing() {
    let (limits, clock) = model();
    assert_eq!(limits.names().collect::<Vec<_>>(), ["requests", "tokens"]);
    limits.reserve(&[3, 1000], clock.now()).unwrap().keep();
    let denied = |costs: &[u64]| *limits.reserve(costs, clock.now()).unwrap_err().denied().unwrap();
    assert_eq!(denied(&[1, 100]), Denied::new("requests", Some(Duration::from_secs(1)), 3));
    assert_eq!(denied(&[1, 500]), Denied::new("tokens", Some(Duration::from_secs(5)), 1000));
    assert_eq!(denied(&[4, 500]), Denied::new("requests", None, 3));
    assert_eq!(denied(&[0, 500]).limit, "tokens");
    clock.advance(Duration::from_secs(5));
    limits.reserve(&[3, 500], clock.now()).unwrap().keep();
}

#[test]
fn what_is_not_used_comes_back_and_what_is_used_beyond_is_owed() {
    let (limits, clock) = model();
    let reserved = limits.reserve(&[1, 800], clock.now()).unwrap();
    assert_eq!(reserved.costs().collect::<Vec<_>>(), [1, 800]);
    reserved.settle(&[1, 300], clock.now()).unwrap();
    let second = limits.reserve(&[1, 700], clock.now()).unwrap();
    second.settle(&[1, 1000], clock.now()).unwrap();
    let denied = limits.peek(&[0, 1], clock.now()).unwrap_err();
    assert_eq!(denied.denied().unwrap().after, Some(Duration::from_millis(3010)));
    drop(limits.reserve(&[1, 0], clock.now()).unwrap());
    limits.reserve(&[1, 0], clock.now()).unwrap().keep();
    assert!(limits.reserve(&[1, 0], clock.now()).is_err());
}

#[test]
fn a_reservation_outlives_its_limits_and_gives_back_when_dropped() {
    fn outlives<T: Send + 'static>(_: &T) {}
    let (limits, clock) = model();
    let reserved = limits.reserve(&[3, 1000], clock.now()).unwrap();
    outlives(&reserved);
    let kept = limits.clone();
    drop(limits);
    thread::spawn(move || drop(reserved)).join().unwrap();
    assert!(kept.peek(&[3, 1000], clock.now()).is_ok());
}

#[test]
fn as_many_costs_as_limits() {
    let (limits, clock) = model();
    for costs in [&[][..], &[1], &[1, 1, 1]] {
        let error = limits.reserve(costs, clock.now()).unwrap_err();
        assert!(matches!(error, LimitsError::WrongCosts(wrong) if (wrong.limits, wrong.costs) == (2, costs.len())));
        assert_eq!(error.to_string(), format!("{} costs for 2 limits", costs.len()));
    }
    let reserved: Reservation<_> = limits.reserve(&[3, 0], clock.now()).unwrap();
    assert!(reserved.settle(&[0], clock.now()).is_err());
    assert!(limits.peek(&[1, 0], clock.now()).is_err(), "it counts as used");
    assert!(Limits::new(ManualClock::new()).reserve(&[], clock.now()).is_ok());
}

/// Answers that there is room, and then somebody else was quicker.
struct Passed;

impl Limiter for Passed {
    fn take(&self, _: u64, _: Nanos) -> Decision {
        Decision::Deny(Denied::new("passed", Some(Duration::from_secs(1)), 1))
    }

    fn peek(&self, _: u64, now: Nanos) -> Decision {
        Decision::Allow(Grant::new(0, now))
    }

    fn charge(&self, _: u64, _: Nanos) {}

    fn refund(&self, _: Grant, _: u64, _: Nanos) {}
}

#[test]
fn what_was_taken_comes_back_when_a_later_limit_denies() {
    let (limits, clock) = model();
    let passed = limits.clone().with("third", Arc::new(Passed));
    let denied = passed.reserve(&[3, 1000, 1], clock.now()).unwrap_err();
    assert_eq!(denied.denied().unwrap().limit, "third");
    assert!(passed.peek(&[3, 1000, 1], clock.now()).is_ok());
}

#[test]
fn threads_never_get_more_than_each_limit_admits() {
    let (limits, clock) = model();
    let admitted: usize = thread::scope(|scope| {
        let job = || (0..200).filter(|_| limits.reserve(&[1, 400], clock.now()).map(Reservation::keep).is_ok()).count();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(job)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(admitted, 2, "tokens for two");
}

#[cfg(feature = "tokio")]
mod waiting {
    use std::sync::Mutex;

    use steadfast_clock::TokioTimer;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_large_cost_is_not_passed_by_small_ones() {
        let (limits, _) = model();
        let timer = TokioTimer::new();
        limits.reserve(&[0, 1000], timer.now()).unwrap().keep();
        let (start, served) = (timer.now(), Arc::new(Mutex::new(Vec::new())));
        let tasks: Vec<_> = [900, 10, 20]
            .map(|tokens| {
                let (limits, served, timer) = (limits.clone(), Arc::clone(&served), timer);
                tokio::spawn(async move {
                    limits.acquire(&[1, tokens], None, &timer).await.unwrap().keep();
                    served.lock().unwrap().push((tokens, timer.now().since(start).as_millis()));
                })
            })
            .into();
        for task in tasks {
            task.await.unwrap();
        }
        let served = served.lock().unwrap().clone();
        assert_eq!(served.iter().map(|(tokens, _)| *tokens).collect::<Vec<_>>(), [900, 10, 20]);
        assert!(served[0].1 >= 9000 && served[2].1 >= 9300 && served[2].1 < 9320, "{served:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_in_time_is_refused_at_once() {
        let (limits, _) = model();
        let timer = TokioTimer::new();
        limits.reserve(&[0, 1000], timer.now()).unwrap().keep();
        let start = timer.now();
        let deadline = |secs| Some(start.saturating_add(Duration::from_secs(secs)));
        assert!(limits.acquire(&[0, 500], deadline(4), &timer).await.is_err());
        assert!(limits.acquire(&[4, 0], None, &timer).await.unwrap_err().denied().unwrap().is_never());
        assert!(limits.acquire(&[1], None, &timer).await.is_err());
        assert_eq!(timer.now(), start);
        limits.acquire(&[0, 500], deadline(6), &timer).await.unwrap().keep();
        assert!(timer.now().since(start) >= Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_stands_in_line_too_long_is_told_so() {
        let (limits, _) = model();
        let timer = TokioTimer::new();
        limits.reserve(&[3, 0], timer.now()).unwrap().keep();
        let first = {
            let (limits, timer) = (limits.clone(), timer);
            tokio::spawn(async move { limits.acquire(&[3, 0], None, &timer).await.map(Reservation::keep) })
        };
        tokio::task::yield_now().await;
        let deadline = timer.now().saturating_add(Duration::from_secs(1));
        let late = limits.acquire(&[0, 1], Some(deadline), &timer).await.unwrap_err();
        assert_eq!(late, LimitsError::InLine);
        first.await.unwrap().unwrap();
    }
}

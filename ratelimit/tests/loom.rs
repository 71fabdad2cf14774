//! The shared limiter under every interleaving of two or three threads, by loom.
//!
//! `RUSTFLAGS="--cfg steadfast_loom" cargo test -p steadfast-ratelimit --test loom --release`

#![cfg(steadfast_loom)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::time::Duration;

use loom::sync::Arc;
use loom::thread;
use steadfast_clock::{Nanos, System};
use steadfast_ratelimit::{Grant, Limiter, Quota, RateLimiter};

type Used = Vec<(u64, u64)>;

/// One permit every 10 µs: far enough apart that what is known of others' clocks is exact.
const STEP: u64 = 10_000;

fn quota(burst: u64) -> Quota {
    Quota::new(1, Duration::from_nanos(STEP)).unwrap().burst(burst).unwrap()
}

/// The point by which so many permits are earned.
fn at(steps: u64) -> Nanos {
    Nanos::from_nanos(1_000_000_000 + steps * STEP)
}

fn limiter(burst: u64) -> Arc<RateLimiter<System>> {
    Arc::new(RateLimiter::new(quota(burst)))
}

fn take(limiter: &RateLimiter, cost: u64, steps: u64) -> Option<Grant> {
    limiter.take(cost, at(steps)).into_result().ok()
}

fn used(grant: &Grant, unused: u64) -> (u64, u64) {
    (grant.at().as_nanos(), grant.cost() - unused)
}

/// Never more than burst + rate * t, by the stamps.
fn assert_bound(burst: u64, used: &Used) {
    for (from, _) in used {
        for (to, _) in used {
            let within = used.iter().filter(|(stamp, _)| (from..=to).contains(&stamp));
            let admitted: u64 = within.map(|(_, cost)| cost).sum();
            assert!(admitted <= burst + to.saturating_sub(*from) / STEP, "{admitted} in {from}..={to}: {used:?}");
        }
    }
}

/// Every interleaving with up to two preemptions, at any atomic: where races are found, they are found with so many.
fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(model);
}

/// Runs two jobs beside a third, and collects what they used.
fn race<A, B, C>(limiter: &Arc<RateLimiter<System>>, a: A, b: B, c: C) -> Used
where
    A: FnOnce(&RateLimiter) -> Used + 'static,
    B: FnOnce(&RateLimiter) -> Used + 'static,
    C: FnOnce(&RateLimiter) -> Used,
{
    let (first, second) = (Arc::clone(limiter), Arc::clone(limiter));
    let threads = [thread::spawn(move || a(&first)), thread::spawn(move || b(&second))];
    let mut used = c(limiter);
    for thread in threads {
        used.extend(thread.join().unwrap());
    }
    used
}

/// Takes at each of these points, in this order.
fn takes(limiter: &RateLimiter, points: &[(u64, u64)]) -> Used {
    points.iter().filter_map(|(cost, steps)| take(limiter, *cost, *steps)).map(|grant| used(&grant, 0)).collect()
}

#[test]
fn takers_whose_clocks_step_backwards_keep_the_bound() {
    check(|| {
        let limiter = limiter(2);
        let used = race(
            &limiter,
            |limiter| takes(limiter, &[(1, 3)]),
            |limiter| takes(limiter, &[(2, 1)]),
            |limiter| takes(limiter, &[(1, 2), (1, 0)]),
        );
        assert!(!used.is_empty());
        assert_bound(2, &used);
    });
}

#[test]
fn standing_time_gives_just_one_burst() {
    check(|| {
        let limiter = limiter(2);
        let used = race(
            &limiter,
            |limiter| takes(limiter, &[(1, 0)]),
            |limiter| takes(limiter, &[(1, 0)]),
            |limiter| takes(limiter, &[(1, 0)]),
        );
        assert_eq!(used.len(), 2);
    });
}

#[test]
fn refunds_by_a_thread_that_lags_keep_the_bound() {
    check(|| {
        let limiter = limiter(3);
        let early = take(&limiter, 2, 1).unwrap();
        let used = race(
            &limiter,
            |limiter| takes(limiter, &[(1, 4)]),
            |limiter| takes(limiter, &[(2, 2)]),
            |limiter| {
                let used = used(&early, 2);
                limiter.refund(early, 2, at(0));
                let mut all = takes(limiter, &[(1, 1)]);
                all.push(used);
                all
            },
        );
        assert_bound(3, &used);
    });
}

#[test]
fn taking_and_giving_back_on_two_threads_keeps_the_bound() {
    fn regret(limiter: &RateLimiter, steps: u64) -> Used {
        let Some(grant) = take(limiter, 1, steps) else { return Vec::new() };
        limiter.refund(grant, 1, at(0));
        takes(limiter, &[(1, steps)])
    }
    check(|| {
        let limiter = limiter(2);
        let other = Arc::clone(&limiter);
        let thread = thread::spawn(move || regret(&other, 1));
        let mut used = regret(&limiter, 0);
        used.extend(thread.join().unwrap());
        assert_bound(2, &used);
        // Both gave back one and kept one at most; nothing is lost.
        let late = takes(&limiter, &[(2, 4)]);
        assert_eq!(late.len(), 1);
    });
}

#[test]
fn no_charge_is_lost() {
    check(|| {
        let limiter = limiter(2);
        let used = race(
            &limiter,
            |limiter| {
                limiter.charge(2, at(0));
                Vec::new()
            },
            |limiter| takes(limiter, &[(1, 0)]),
            |limiter| takes(limiter, &[(1, 0)]),
        );
        let spent = 2 + u64::try_from(used.len()).unwrap();
        assert!(!limiter.peek(1, at(spent - 2)).is_allowed());
        assert!(limiter.peek(1, at(spent - 1)).is_allowed());
    });
}

#[test]
fn what_is_taken_while_the_quota_changes_stays_taken() {
    check(|| {
        let limiter = limiter(2);
        let used = race(
            &limiter,
            |limiter| takes(limiter, &[(1, 0)]),
            |limiter| {
                limiter.set_quota(quota(3), at(0));
                takes(limiter, &[(1, 0)])
            },
            |limiter| takes(limiter, &[(2, 0)]),
        );
        assert_bound(3, &used);
        let spent: u64 = used.iter().map(|(_, cost)| cost).sum();
        assert_eq!(limiter.quota(), quota(3));
        assert!(spent == 3 || limiter.peek(3 - spent, at(0)).is_allowed());
        assert!(!limiter.peek(3 - spent + 1, at(0)).is_allowed());
    });
}

#[test]
fn a_refund_meets_a_change_of_quota() {
    check(|| {
        let limiter = limiter(2);
        let grant = take(&limiter, 2, 0).unwrap();
        let used = race(
            &limiter,
            |limiter| {
                limiter.set_quota(quota(1), at(1));
                Vec::new()
            },
            |limiter| takes(limiter, &[(1, 1)]),
            |limiter| {
                let used = used(&grant, 1);
                limiter.refund(grant, 1, at(0));
                vec![used]
            },
        );
        assert_bound(2, &used);
    });
}

#[test]
fn changes_by_two_threads_come_one_after_the_other() {
    check(|| {
        let limiter = limiter(2);
        assert!(take(&limiter, 2, 0).is_some());
        let other = Arc::clone(&limiter);
        let thread = thread::spawn(move || other.set_quota(quota(3), at(0)));
        limiter.set_quota(quota(4), at(0));
        thread.join().unwrap();
        let burst = limiter.quota().burst_size();
        assert!(burst == 3 || burst == 4);
        assert!(limiter.peek(burst - 2, at(0)).is_allowed() && !limiter.peek(burst - 1, at(0)).is_allowed());
    });
}

/// Four changes refill the slot that a reader may be at.
#[test]
fn no_answer_mixes_two_quotas() {
    check(|| {
        let limiter = limiter(1);
        assert!(take(&limiter, 1, 0).is_some());
        let other = Arc::clone(&limiter);
        let thread = thread::spawn(move || {
            for burst in 2..=5 {
                other
                    .set_quota(Quota::new(1, Duration::from_nanos(STEP * burst)).unwrap().burst(burst).unwrap(), at(0));
            }
        });
        // With one permit of n taken, at one in n steps, a cost of n is there after n steps.
        let cost = 5;
        if let Err(denied) = limiter.peek(cost, at(0)).into_result() {
            let after = (denied.max_cost == cost).then(|| Duration::from_nanos(STEP * cost));
            assert_eq!(denied.after, after, "{denied:?}");
        }
        let told = limiter.quota();
        assert_eq!(told.period(), Duration::from_nanos(STEP * told.burst_size()));
        thread.join().unwrap();
    });
}

#[test]
fn nothing_is_admitted_once_a_pause_is_known_of() {
    check(|| {
        let limiter = limiter(2);
        let other = Arc::clone(&limiter);
        let told = Arc::new(loom::sync::atomic::AtomicBool::new(false));
        let telling = Arc::clone(&told);
        let thread = thread::spawn(move || {
            other.pause_until(at(5));
            telling.store(true, loom::sync::atomic::Ordering::Release);
        });
        let known = told.load(loom::sync::atomic::Ordering::Acquire);
        let admitted = take(&limiter, 1, 0).is_some();
        assert!(!(known && admitted));
        thread.join().unwrap();
        assert!(take(&limiter, 1, 4).is_none());
        limiter.resume();
        assert!(take(&limiter, 1, 4).is_some());
    });
}

//! Models of what threads share, in every interleaving that the memory model allows.
//!
//! `RUSTFLAGS="--cfg steadfast_loom" cargo test -p steadfast-backoff --test loom --release`

#![cfg(steadfast_loom)]

use std::num::NonZeroU32;
use std::time::Duration;

use loom::sync::Arc;
use loom::thread;
use steadfast_backoff::{Budget, Carried, Latency, RetryBudget};
use steadfast_clock::Nanos;

fn at(secs: u64) -> Nanos {
    Nanos::from_nanos(secs * 1_000_000_000)
}

/// Withdraws once at each of the times; tells how many were granted.
fn withdraw(budget: &RetryBudget, times: [u64; 2]) -> u32 {
    times.into_iter().map(|secs| u32::from(budget.withdraw(1, at(secs)))).sum()
}

/// Two threads withdraw at clocks that step back, a third deposits: never more than reserve + deposits + floor · t.
#[test]
fn withdrawals_never_exceed_what_was_earned() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let budget = RetryBudget::builder().ratio(1.0).floor(1.0).reserve(1).build_empty(at(10)).unwrap();
        let budget = Arc::new(budget);
        let depositing = thread::spawn({
            let budget = Arc::clone(&budget);
            move || budget.deposit(at(9))
        });
        let withdrawing = thread::spawn({
            let budget = Arc::clone(&budget);
            move || withdraw(&budget, [11, 9])
        });
        let granted = withdraw(&budget, [10, 11]) + withdrawing.join().unwrap();
        depositing.join().unwrap();
        assert!(granted <= 2, "a second and a deposit were earned, and {granted} retries granted");
        assert_eq!(budget.granted() + budget.refused(), 4);
        assert_eq!(budget.granted(), u64::from(granted));
        // What a withdrawal took is taken: with the rest of what was earned it is never more than both.
        let left = (0..3).filter(|_| budget.withdraw(1, at(5))).count();
        assert!(granted as usize + left <= 2);
    });
}

/// A withdrawal that follows another's deposit is granted: nothing that was earned is overlooked.
#[test]
fn what_was_deposited_before_can_be_withdrawn() {
    loom::model(|| {
        let budget = RetryBudget::builder().ratio(1.0).floor(0.0).reserve(2).build_empty(at(1)).unwrap();
        let budget = Arc::new(budget);
        let spend = |budget: &RetryBudget| {
            budget.deposit(at(1));
            budget.withdraw(1, at(1))
        };
        let other = thread::spawn({
            let budget = Arc::clone(&budget);
            move || spend(&budget)
        });
        assert!(spend(&budget));
        assert!(other.join().unwrap());
        assert_eq!(budget.available(at(1)), 0);
    });
}

/// Two layers draw from what a call carries: never more than its limit, and all of it.
#[test]
fn attempts_never_exceed_the_limit() {
    loom::model(|| {
        let call = Carried::new(NonZeroU32::new(3).unwrap());
        assert!(call.begin());
        let (first, second) = (call.below().unwrap(), call.below().unwrap());
        let other = thread::spawn(move || (0..3).filter(|_| second.begin()).count());
        let begun = (0..3).filter(|_| first.begin()).count();
        assert_eq!(begun + other.join().unwrap(), 3);
        assert_eq!(call.attempts(), 3);
    });
}

/// An attempt is handed down once, whoever asks for it.
#[test]
fn an_attempt_is_handed_down_once() {
    loom::model(|| {
        let call = Arc::new(Carried::new(NonZeroU32::new(2).unwrap()));
        assert!(call.begin());
        let other = thread::spawn({
            let call = Arc::clone(&call);
            move || (0..2).filter(|_| call.below().is_some()).count()
        });
        let handed = (0..2).filter(|_| call.below().is_some()).count();
        assert_eq!(handed + other.join().unwrap(), 2);
        assert_eq!(call.attempts(), 2);
    });
}

/// Of two threads that observe across the end of a half, no sample of the window is lost or counted twice.
#[test]
fn samples_survive_the_change_of_halves() {
    loom::model(|| {
        let latency = Latency::with_window(4, 1).unwrap();
        let latency = Arc::new(latency);
        latency.observe(Duration::ZERO);
        let other = thread::spawn({
            let latency = Arc::clone(&latency);
            move || latency.observe(Duration::ZERO)
        });
        latency.observe(Duration::from_secs(1));
        other.join().unwrap();
        assert_eq!(latency.samples(), 3);
        assert!(latency.quantile(0.01).unwrap() < latency.quantile(1.0).unwrap());
        // The next half begins with the fifth sample; the two oldest are forgotten.
        latency.observe(Duration::ZERO);
        assert_eq!(latency.samples(), 4);
        latency.observe(Duration::ZERO);
        assert_eq!(latency.samples(), 3);
    });
}

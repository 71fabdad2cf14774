//! The laws of the pure machine.

use std::sync::atomic::Ordering;
use std::time::Duration;

use proptest::prelude::*;
use steadfast_backoff::{Next, Policy, Retry, Schedule, Stop, Unlimited};
use steadfast_clock::Nanos;

use super::usual;
use crate::machine::Purse;

proptest! {
    /// What the server asks for is never slept shorter and at most 10 % longer; above its bound nothing is slept.
    #[test]
    fn hints_are_honoured(schedule in usual(), hint_ns in 1..u64::MAX, cap_ns: u64, entropy: u64) {
        let (hint, cap) = (Duration::from_nanos(hint_ns), Duration::from_nanos(cap_ns));
        let policy = Policy::new(schedule, 2).unwrap().hint_cap(cap);
        let mut retry = Retry::new(Nanos::ZERO);
        retry.begin();
        match retry.next(&policy, Some(hint), 1, Nanos::ZERO, None, &Unlimited, entropy) {
            Next::Wait(wait) => {
                prop_assert!(hint <= cap && wait.hinted);
                prop_assert!(hint <= wait.delay && wait.delay <= cap && wait.delay <= hint + hint / 10);
                prop_assert!(schedule.is_jittered() || wait.delay == hint);
            }
            Next::Stop(stop) => {
                prop_assert!(hint > cap);
                prop_assert_eq!(stop, Stop::HintAboveCap { hint, cap });
                prop_assert_eq!(retry.total_wait(), Duration::ZERO);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    /// Whatever comes, a call makes at most its attempts, ends its waits before the deadline, never has more waits than
    /// were taken from the budget, and its total wait is the sum of its waits.
    #[test]
    fn a_call_keeps_all_its_bounds(
        schedule in usual(),
        max_attempts in 1..12u32,
        allowed_ms: u32,
        budget in 0..12u32,
        script in prop::collection::vec((prop::option::of(0..70_000u64), 0..5000u64, any::<u64>()), 20),
    ) {
        let policy = Policy::new(schedule, max_attempts).unwrap();
        let purse = Purse::of(budget);
        let mut now = Nanos::from_nanos(1_000_000_000);
        let deadline = now.saturating_add(Duration::from_millis(u64::from(allowed_ms)));
        let mut retry = Retry::new(now);
        let mut slept = Duration::ZERO;
        let mut waits = 0;
        for (hint_ms, busy_ms, entropy) in script {
            prop_assert!(retry.begin() <= max_attempts);
            now = now.saturating_add(Duration::from_millis(busy_ms));
            let hint = hint_ms.map(Duration::from_millis);
            let Next::Wait(wait) = retry.next(&policy, hint, 1, now, Some(deadline), &purse, entropy) else { break };
            waits += 1;
            prop_assert_eq!(wait.retry, waits);
            now = now.saturating_add(wait.delay);
            slept += wait.delay;
            prop_assert!(now < deadline);
            prop_assert!(hint.is_none_or(|hint| hint <= wait.delay));
        }
        prop_assert_eq!(retry.total_wait(), slept);
        prop_assert_eq!(purse.left.load(Ordering::Relaxed) + waits, budget);
        prop_assert!(retry.attempt() <= max_attempts);
    }
}

//! The laws of the exponential schedule.

use std::time::Duration;

use proptest::prelude::*;
use steadfast_backoff::{Jitter, Schedule, Step};

use super::{ends, retries, usual, wild};

proptest! {
    /// A wait is never above the cap, jitter included, and nothing overflows, whatever was configured.
    #[test]
    fn no_wait_is_above_its_cap(schedule in wild(), retry: u32, entropy: u64) {
        let wait = schedule.delay(&Step::new(retry), entropy).unwrap();
        prop_assert!(wait <= schedule.cap());
        prop_assert!(schedule.wait(retry) <= schedule.cap());
    }

    /// A wait lies in its interval; entropy 0 gives the one end of it and the largest entropy the other.
    #[test]
    fn waits_fill_their_interval(schedule in wild(), retry in retries(), entropy: u64) {
        let (low, high) = schedule.interval(retry);
        let delay = |entropy| schedule.delay(&Step::new(retry), entropy).unwrap();
        prop_assert_eq!(delay(0), low);
        prop_assert_eq!(delay(u64::MAX), high);
        prop_assert!((low..=high).contains(&delay(entropy)));
    }

    /// Below the cap the interval is the documented one, cut at the cap; where nothing is left of it, it ends at the cap.
    #[test]
    fn intervals_are_the_documented_ones(schedule in usual(), retry in 1..40u32) {
        let exponent = i32::try_from(retry).unwrap() - 1;
        let cap = schedule.cap().as_secs_f64();
        let wait = (schedule.base().as_secs_f64() * schedule.factor().powi(exponent)).min(cap);
        let (low, high) = ends(schedule.jitter());
        let expected = if low < high && low * wait >= cap {
            (cap * low / high, cap)
        } else {
            (low * wait, (high * wait).min(cap))
        };
        let found = schedule.interval(retry);
        prop_assert!((found.0.as_secs_f64() - expected.0).abs() < 2e-9, "{:?} {:?}", found, expected);
        prop_assert!((found.1.as_secs_f64() - expected.1).abs() < 2e-9, "{:?} {:?}", found, expected);
    }

    /// Jitter stays jitter: its interval is never one point, also at the cap.
    #[test]
    fn jitter_is_never_one_point(schedule in usual(), retry in retries()) {
        let (low, high) = schedule.interval(retry);
        prop_assert_eq!(low < high, schedule.jitter() != Jitter::None);
        prop_assert_eq!(schedule.is_jittered(), schedule.jitter() != Jitter::None);
    }

    /// Evenly spread entropy gives evenly spread waits: every quarter of the interval gets its quarter.
    #[test]
    fn waits_are_uniform(schedule in usual(), retry in retries()) {
        let (low, high) = schedule.interval(retry);
        for quarter in 1..4u32 {
            let entropy = u64::from(quarter) << 62;
            let expected = low + (high - low) * quarter / 4;
            let found = schedule.delay(&Step::new(retry), entropy).unwrap();
            prop_assert!(found.abs_diff(expected) <= Duration::from_nanos(1), "{:?} {:?}", found, expected);
        }
    }

    /// Before jitter, a later wait is never shorter than an earlier one.
    #[test]
    fn waits_never_shrink(schedule in usual(), retry in 1..u32::MAX) {
        prop_assert!(schedule.wait(retry) <= schedule.wait(retry + 1));
        prop_assert!(schedule.base() <= schedule.wait(retry));
    }
}

//! The laws of giving back.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use steadfast_ratelimit::{Decision, Grant, Limiter, Quota, RateLimiter};

use super::{at, quota, slowed, slowness};
use crate::bound::excess;
use crate::bucket::Bucket;

proptest! {
    /// A grant given back at once leaves no trace, where takers are 1,024 ns apart or at one point: the answers are those
    /// of a token bucket that never saw it.
    #[test]
    fn a_grant_given_back_at_once_was_never_there(
        interval in 1u64..50,
        burst in 1u64..20,
        steps in prop::collection::vec((0u64..60, 1u64..20, any::<bool>()), 0..120),
    ) {
        let quota = Quota::new(1, Duration::from_nanos(interval * 1024)).unwrap().burst(burst).unwrap();
        let limiter = RateLimiter::new(quota);
        let mut bucket = Bucket::full(quota);
        let mut now = 0;
        for (pause, cost, regret) in steps {
            now += pause * 1024;
            match limiter.take(cost, at(now)) {
                Decision::Allow(grant) if regret => {
                    prop_assert_eq!(bucket.peek(cost, now), Ok(()));
                    limiter.refund(grant, cost, at(now));
                }
                Decision::Allow(_) => prop_assert_eq!(bucket.take(cost, now), Ok(())),
                Decision::Deny(denied) => prop_assert_eq!(bucket.peek(cost, now), Err(denied.after)),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    /// Refunds never let more through, also where the cell comes back to what it was: equal costs, few points of time,
    /// all in any order.
    #[test]
    fn a_cell_that_comes_back_is_no_loophole(
        quota in quota(),
        slowness in slowness(),
        steps in prop::collection::vec((0u64..24, 1u64..4, any::<Option<Index>>()), 0..120),
    ) {
        let quota = slowed(quota, slowness);
        let limiter = RateLimiter::new(quota);
        let interval = quota.period().as_nanos().div_ceil(u128::from(quota.permits()));
        let interval = u64::try_from(interval).unwrap();
        let (mut used, mut open) = (Vec::new(), Vec::<Grant>::new());
        for (now, cost, refund) in steps {
            let now = at(now * interval / 4);
            match refund {
                Some(which) if !open.is_empty() => {
                    let grant = open.swap_remove(which.index(open.len()));
                    let unused = grant.cost().min(cost);
                    used.push((grant.at().as_nanos(), grant.cost() - unused));
                    limiter.refund(grant, unused, now);
                }
                _ => open.extend(limiter.take(cost, now).into_result().ok()),
            }
        }
        used.extend(open.iter().map(|grant| (grant.at().as_nanos(), grant.cost())));
        prop_assert_eq!(excess(quota, used), None);
    }

    /// Refunds never let more through, also by whoever comes with a clock that lags: points a quarter of an interval
    /// apart, so that cells often come back to what they were.
    #[test]
    fn a_clock_that_lags_is_no_loophole(
        burst in 1u64..4,
        steps in prop::collection::vec((0u64..8, 0u64..12, 1u64..4, any::<Option<Index>>()), 0..60),
    ) {
        const QUARTER: u64 = 10_000;
        let quota = Quota::new(1, Duration::from_nanos(4 * QUARTER)).unwrap().burst(burst).unwrap();
        let limiter = RateLimiter::new(quota);
        let (mut used, mut open) = (Vec::new(), Vec::<Grant>::new());
        let mut now = 0;
        for (pause, lag, cost, refund) in steps {
            now += pause * QUARTER;
            match refund {
                Some(which) if !open.is_empty() => {
                    let grant = open.swap_remove(which.index(open.len()));
                    let unused = grant.cost().min(cost);
                    used.push((grant.at().as_nanos(), grant.cost() - unused));
                    limiter.refund(grant, unused, at(now.saturating_sub(lag * QUARTER)));
                }
                _ => open.extend(limiter.take(cost, at(now)).into_result().ok()),
            }
        }
        used.extend(open.iter().map(|grant| (grant.at().as_nanos(), grant.cost())));
        prop_assert_eq!(excess(quota, used), None);
    }
}

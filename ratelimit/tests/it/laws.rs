//! The laws of a limiter, for any quota and any history.

mod adaptive;
#[cfg(feature = "calendar")]
mod calendar;
mod concurrency;
mod follow;
mod keyed;
mod limits;

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use steadfast_clock::Nanos;
use steadfast_ratelimit::{Decision, Gcra, Grant, Limiter, Quota, RateLimiter};

use crate::bound::excess;

mod change;
mod lease;
mod pause;
mod refund;
#[cfg(feature = "tokio")]
mod waiting;

/// Any quota whose interval is between a fraction of a nanosecond and some hundred of them; often a little above a
/// whole number, where rounding down would show.
fn quota() -> impl Strategy<Value = Quota> {
    let any = (1u64..200, 1u64..2000).prop_map(|(permits, period)| (permits, period.max(permits.div_ceil(10))));
    let just_above = (17u64..200, 1u64..10).prop_map(|(permits, interval)| (permits, permits * interval + 1));
    (prop_oneof![any, just_above], 1u64..20).prop_map(|((permits, period), burst)| {
        Quota::new(permits, Duration::from_nanos(period)).unwrap().burst(burst).unwrap()
    })
}

/// The same with longer periods: below a microsecond some refunds are short, and would hide what goes wrong with others.
fn slowed(quota: Quota, by: u64) -> Quota {
    let period = quota.period() * u32::try_from(by).unwrap();
    Quota::new(quota.permits(), period).unwrap().burst(quota.burst_size()).unwrap()
}

fn slowness() -> impl Strategy<Value = u64> {
    prop_oneof![Just(1), Just(1501)]
}

fn at(nanos: u64) -> Nanos {
    Nanos::from_nanos(nanos)
}

proptest! {
    /// Never more than burst + rate * t, in whatever order the points of time come, backwards too.
    #[test]
    fn never_more_than_burst_plus_rate_times_t(
        quota in quota(),
        steps in prop::collection::vec((0u64..5000, 0u64..25), 0..150),
    ) {
        let limiter = RateLimiter::new(quota);
        let mut grants = Vec::new();
        for (now, cost) in steps {
            if limiter.take(cost, at(now)).is_allowed() {
                grants.push((now, cost));
            }
        }
        prop_assert_eq!(excess(quota, grants), None);
    }

    /// Refunds never let more through than that, whoever refunds what, when, and however its clock lags.
    #[test]
    fn refunds_keep_the_bound(
        quota in quota(),
        slowness in slowness(),
        steps in prop::collection::vec((0u64..3000, 1u64..20, any::<Option<(Index, u64)>>()), 0..150),
    ) {
        let quota = slowed(quota, slowness);
        let limiter = RateLimiter::new(quota);
        let mut used = Vec::new();
        let mut open: Vec<Grant> = Vec::new();
        for (now, cost, refund) in steps {
            let now = now * slowness;
            match refund {
                Some((which, unused)) if !open.is_empty() => {
                    let grant = open.swap_remove(which.index(open.len()));
                    let unused = unused % (grant.cost() + 2);
                    used.push((grant.at().as_nanos(), grant.cost().saturating_sub(unused)));
                    limiter.refund(grant, unused, at(now));
                }
                _ => open.extend(limiter.take(cost, at(now)).into_result().ok()),
            }
        }
        used.extend(open.iter().map(|grant| (grant.at().as_nanos(), grant.cost())));
        prop_assert_eq!(excess(quota, used), None);
    }

    /// It never wedges: past all points it was ever given and the time to earn a burst, a full burst is admitted.
    #[test]
    fn it_admits_again_after_idling(
        quota in quota(),
        steps in prop::collection::vec((0u64..5000, 0u64..25), 0..150),
    ) {
        let limiter = RateLimiter::new(quota);
        for (now, cost) in steps {
            let _ = limiter.take(cost, at(now));
        }
        let earned = quota.period().as_nanos() * u128::from(quota.burst_size()) / u128::from(quota.permits());
        let rested = 5000 + u64::try_from(earned).unwrap() + 2;
        prop_assert!(limiter.take(quota.burst_size(), at(rested)).is_allowed());
    }

    /// A denial is exact: at the time it names the cost is admitted, a nanosecond earlier it is not.
    #[test]
    fn a_denial_is_exact(
        quota in quota(),
        steps in prop::collection::vec((0u64..300, 1u64..20), 1..60),
    ) {
        let gcra = Gcra::new(quota);
        let (mut cell, mut now) = (0, 0);
        for (pause, cost) in steps {
            now += pause;
            let (next, decision) = gcra.decide(cell, cost, at(now));
            if let Decision::Deny(denied) = decision {
                prop_assert_eq!(next, cell);
                prop_assert_eq!(denied.after.is_none(), cost > quota.burst_size());
                let Some(after) = denied.after else { continue };
                let due = at(now).saturating_add(after);
                prop_assert_eq!(gcra.due(cell, cost, at(now)), Some(due));
                prop_assert!(gcra.decide(cell, cost, due).1.is_allowed());
                let before = due.saturating_sub(Duration::from_nanos(1));
                prop_assert!(!gcra.decide(cell, cost, before).1.is_allowed());
            }
            cell = next;
        }
    }

    /// What is owed is what the burst is short of: that much less is admitted at once, and nothing above.
    #[test]
    fn what_is_not_owed_is_admitted(
        quota in quota(),
        steps in prop::collection::vec((0u64..300, 0u64..40), 1..60),
    ) {
        let gcra = Gcra::new(quota);
        let (mut cell, mut now) = (0, 0);
        for (pause, cost) in steps {
            now += pause;
            cell = gcra.charge(cell, cost, at(now));
            let left = quota.burst_size().saturating_sub(gcra.owed(cell, at(now)));
            prop_assert!(gcra.decide(cell, left, at(now)).1.is_allowed());
            prop_assert!(!gcra.decide(cell, left + 1, at(now)).1.is_allowed());
        }
        prop_assert_eq!(gcra.owed(cell, Nanos::MAX), u64::MAX);
    }

    /// Under constant load the whole rate is used and never more; where each call uses up the burst, but for 1.5 ns a call.
    #[test]
    fn constant_load_gets_the_whole_rate(quota in quota()) {
        let gcra = Gcra::new(quota);
        let (mut cell, mut admitted) = (0, 0u128);
        let mut grants = Vec::new();
        let span = 6_000;
        for now in 0..span {
            if now < 200 {
                grants.push((now, 0));
            }
            loop {
                let (next, decision) = gcra.decide(cell, 1, at(now));
                if !decision.is_allowed() {
                    break;
                }
                (cell, admitted) = (next, admitted + 1);
                if let Some((_, cost)) = grants.last_mut().filter(|(at, _)| *at == now) {
                    *cost += 1;
                }
            }
        }
        prop_assert_eq!(excess(quota, grants), None);
        let (permits, period) = (u128::from(quota.permits()), quota.period().as_nanos());
        let spare = u128::from(quota.burst_size() - 1) * period;
        let per_call = if spare >= 2 * permits { 2 * period } else { 2 * period + 3 * permits };
        let fair = u128::from(span - 1) * permits * 2 / per_call;
        // A permit is more often than every nanosecond where the burst cannot keep what one nanosecond earns.
        let kept = u128::from(quota.burst_size()) * period >= permits;
        prop_assert!(!kept || admitted >= fair, "{} of {}", admitted, fair);
    }

    /// Nothing panics or overflows, whatever the numbers.
    #[test]
    fn no_arithmetic_overflows(
        permits in 1..=u64::MAX,
        period in 1..=u64::MAX,
        burst in 1..=u64::MAX,
        steps in prop::collection::vec((any::<u64>(), any::<u64>(), any::<u64>(), any::<u8>()), 0..30),
    ) {
        let Ok(quota) = Quota::new(permits, Duration::from_nanos(period)) else { return Ok(()) };
        let quota = quota.burst(burst).unwrap_or(quota);
        let limiter = RateLimiter::new(quota);
        let gcra = Gcra::new(quota);
        for (now, cost, unused, what) in steps {
            match what % 5 {
                0 => drop(limiter.peek(cost, at(now))),
                1 => limiter.charge(cost, at(now)),
                2 => limiter.refund(Grant::new(cost, at(unused)), cost, at(now)),
                3 => drop(gcra.due(unused, cost, at(now))),
                _ => match limiter.take(cost % quota.burst_size(), at(now)) {
                    Decision::Allow(grant) => limiter.refund(grant, unused, at(now)),
                    other => drop(other),
                },
            }
        }
    }
}

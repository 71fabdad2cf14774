//! The laws of a limiter whose quota changes.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use steadfast_clock::Nanos;
use steadfast_ratelimit::{Decision, Grant, Limiter, Quota, RateLimiter};

use super::{at, quota, slowed, slowness};
use crate::bound::excess;
use crate::bucket::Bucket;

/// The quota that has the most of everything: rates compare over the product of the periods.
fn largest(quotas: &[Quota]) -> Quota {
    let fastest = quotas
        .iter()
        .max_by(|a, b| {
            let rate = |quota: &Quota, other: &Quota| u128::from(quota.permits()) * other.period().as_nanos();
            rate(a, b).cmp(&rate(b, a))
        })
        .unwrap();
    fastest.burst(quotas.iter().map(Quota::burst_size).max().unwrap()).unwrap()
}

#[derive(Clone, Debug)]
enum Step {
    Take(u64),
    Charge(u64),
    Refund(Index, u64),
    Change(Quota),
}

fn steps(longest: u64) -> impl Strategy<Value = Vec<(u64, Step)>> {
    let step = prop_oneof![
        8 => (0u64..22).prop_map(Step::Take),
        1 => (0u64..9).prop_map(Step::Charge),
        3 => (any::<Index>(), 0u64..22).prop_map(|(which, unused)| Step::Refund(which, unused)),
        2 => quota().prop_map(Step::Change),
    ];
    prop::collection::vec((0..longest, step), 0..80)
}

/// Quotas over one period, of 10 µs a permit or slower: what the reference can tell exactly.
fn slow_quota() -> impl Strategy<Value = Quota> {
    (1u64..=100, 1u64..20)
        .prop_map(|(permits, burst)| Quota::new(permits, Duration::from_millis(1)).unwrap().burst(burst).unwrap())
}

proptest! {
    /// Whatever quotas come and go, and whatever the clock does: within any span at most the largest burst and what the
    /// highest rate earns, and from a change on what the quota in force allows.
    #[test]
    fn changes_keep_the_old_bound_and_the_new(first in quota(), slowness in slowness(), steps in steps(3000)) {
        let first = slowed(first, slowness);
        let limiter = RateLimiter::new(first);
        let (mut quotas, mut eras, mut open) = (vec![first], vec![Vec::new()], Vec::<(usize, Grant)>::new());
        for (now, step) in steps {
            let now = now * slowness;
            match step {
                Step::Take(cost) => {
                    let grant = limiter.take(cost, at(now)).into_result();
                    open.extend(grant.ok().map(|grant| (quotas.len() - 1, grant)));
                }
                Step::Charge(cost) => limiter.charge(cost, at(now)),
                Step::Refund(which, unused) if !open.is_empty() => {
                    let (era, grant) = open.swap_remove(which.index(open.len()));
                    eras[era].push((grant.at().as_nanos(), grant.cost().saturating_sub(unused)));
                    limiter.refund(grant, unused, at(now));
                }
                Step::Refund(..) => {}
                Step::Change(quota) => {
                    let quota = slowed(quota, slowness);
                    limiter.set_quota(quota, at(now));
                    quotas.push(quota);
                    eras.push(Vec::new());
                }
            }
        }
        for (era, grant) in &open {
            eras[*era].push((grant.at().as_nanos(), grant.cost()));
        }
        let mut latest = 0;
        for used in &mut eras {
            used.retain(|(_, cost)| *cost > 0);
        }
        for (quota, used) in quotas.iter().zip(&eras) {
            prop_assert!(used.iter().all(|(stamp, _)| *stamp >= latest), "stamped before the change: {:?}", eras);
            latest = used.iter().map(|(stamp, _)| *stamp).fold(latest, u64::max);
            prop_assert_eq!(excess(*quota, used.clone()), None);
        }
        prop_assert_eq!(excess(largest(&quotas), eras.concat()), None);
    }

    /// It answers as a naive token bucket does whose debt is kept when its quota changes, but for a nanosecond.
    #[test]
    fn what_is_owed_stays_owed(
        first in slow_quota(),
        steps in prop::collection::vec(
            (0u64..40, prop_oneof![
                6 => (1u64..22).prop_map(Step::Take),
                1 => (0u64..9).prop_map(Step::Charge),
                1 => slow_quota().prop_map(Step::Change),
            ]),
            0..80,
        ),
    ) {
        let limiter = RateLimiter::new(first);
        let mut bucket = Bucket::full(first);
        let (mut now, mut changes) = (0, 1);
        for (pause, step) in steps {
            now += pause * 2_000;
            match step {
                Step::Take(cost) => {
                    let theirs = bucket.peek(cost, now);
                    match limiter.take(cost, at(now)) {
                        Decision::Allow(_) => prop_assert_eq!(bucket.take(cost, now), Ok(())),
                        Decision::Deny(denied) => match (denied.after, theirs) {
                            (None, theirs) => prop_assert_eq!(theirs, Err(None)),
                            (Some(after), theirs) => {
                                let exact = theirs.err().map_or(Duration::ZERO, Option::unwrap);
                                // Each change may round up by a unit of the old rate, in which the new one earns less.
                                let rounding = Duration::from_nanos(2 + 100 * changes);
                                prop_assert!(after >= exact && after - exact <= rounding, "{:?} {:?}", after, exact);
                            }
                        },
                        other => prop_assert!(false, "{:?}", other),
                    }
                }
                Step::Charge(cost) => {
                    limiter.charge(cost, at(now));
                    bucket.charge(cost, now);
                }
                Step::Refund(..) => {}
                Step::Change(quota) => {
                    limiter.set_quota(quota, at(now));
                    bucket.set_quota(quota, now);
                    changes += 1;
                }
            }
        }
    }

    /// Nothing panics or overflows, whatever the numbers, and the quota told is the one set.
    #[test]
    fn no_change_overflows(
        numbers in prop::collection::vec((1..=u64::MAX, 1..=u64::MAX, 1..=u64::MAX, any::<u64>(), any::<u64>()), 1..20),
    ) {
        let limiter = RateLimiter::new(Quota::per_second(1).unwrap());
        for (permits, period, burst, now, unused) in numbers {
            let Ok(quota) = Quota::new(permits, Duration::from_nanos(period)) else { continue };
            let quota = quota.burst(burst).unwrap_or(quota);
            let early = limiter.take(1, at(now >> 4));
            limiter.set_quota(quota, at(now >> 3));
            prop_assert_eq!(limiter.quota(), quota);
            if let Decision::Allow(grant) = early {
                limiter.refund(grant, unused, Nanos::from_nanos(now));
            }
            limiter.charge(unused, at(now >> 5));
        }
    }
}

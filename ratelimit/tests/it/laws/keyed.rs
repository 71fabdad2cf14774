//! The laws of keyed limits: each key's own limit, whatever the table has to do for room.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use steadfast_clock::Nanos;
use steadfast_ratelimit::{Decision, Grant, Keyed, Limiter, Quota};

use crate::bound::excess;

/// The same in every run, so that a failure can be looked into.
type Fixed = BuildHasherDefault<DefaultHasher>;

fn table(quota: Quota, keys: usize) -> Keyed<u64, Fixed> {
    Keyed::with_hasher(quota, keys, Fixed::default())
}

fn every(interval: u64, burst: u64) -> Quota {
    Quota::new(1, Duration::from_nanos(interval)).unwrap().burst(burst).unwrap()
}

fn at(nanos: u64) -> Nanos {
    Nanos::from_nanos(nanos)
}

/// A token bucket that is refilled by the nanosecond; in nanoseconds' worth, below zero in debt.
#[derive(Clone, Copy)]
struct Bucket {
    level: i128,
    last: u64,
}

impl Bucket {
    fn refill(&mut self, full: u64, now: u64) {
        self.level = i128::from(full).min(self.level + i128::from(now - self.last));
        self.last = now;
    }
}

proptest! {
    /// While the table has room, each key is answered exactly as a token bucket of its own would answer, where takers are
    /// 4,096 ns apart or at one point.
    #[test]
    fn a_key_has_a_token_bucket_of_its_own(
        interval in 1u64..50,
        burst in 1u64..8,
        steps in prop::collection::vec((0u64..40, 0u64..12, 0u64..10, 0u8..10), 0..150),
    ) {
        let interval = interval * 4096;
        let keyed = table(every(interval, burst), 16);
        let full = burst * interval;
        let mut buckets: HashMap<u64, Bucket> = HashMap::new();
        let mut now = 0;
        for (pause, key, cost, what) in steps {
            now += pause * 4096;
            let bucket = buckets.entry(key).or_insert(Bucket { level: i128::from(full), last: now });
            bucket.refill(full, now);
            let worth = i128::from(cost * interval);
            let expected = if cost == 0 || worth <= bucket.level {
                Ok(())
            } else if cost > burst {
                Err(None)
            } else {
                Err(Some(Duration::from_nanos(u64::try_from(worth - bucket.level).unwrap())))
            };
            let limiter = keyed.of(&key);
            let decision = match what {
                0 => {
                    limiter.charge(cost, at(now));
                    bucket.level -= worth;
                    continue;
                }
                1 | 2 => limiter.peek(cost, at(now)),
                _ => {
                    let decision = limiter.take(cost, at(now));
                    bucket.level -= if expected.is_ok() { worth } else { 0 };
                    decision
                }
            };
            match decision {
                Decision::Allow(grant) => {
                    prop_assert_eq!(expected, Ok(()));
                    // What is given back at once is given back whole.
                    if what == 3 && grant.cost() > 0 {
                        limiter.refund(grant, cost, at(now));
                        bucket.level += worth;
                    }
                }
                Decision::Deny(denied) => prop_assert_eq!(expected, Err(denied.after)),
                other => prop_assert!(false, "{:?}", other),
            }
        }
        prop_assert_eq!(keyed.overflowed(), 0);
    }

    /// However many keys press into however small a table, in whatever order the points of time come, and whoever
    /// refunds what: no key ever gets more than burst + rate * t.
    #[test]
    fn pressure_never_lets_a_key_have_more(
        (permits, period) in (1u64..50, 1u64..2000).prop_map(|(permits, period)| (permits, period.max(permits))),
        burst in 1u64..6,
        keys in 20u64..80,
        steps in prop::collection::vec((0u64..3000, any::<u16>(), 1u64..6, 0u8..8), 0..300),
    ) {
        let quota = Quota::new(permits, Duration::from_nanos(period)).unwrap().burst(burst).unwrap();
        let keyed = table(quota, 1);
        let slots = keyed.slots();
        let mut used: HashMap<u64, Vec<(u64, u64)>> = HashMap::new();
        let mut open: Vec<(u64, Grant)> = Vec::new();
        for (now, key, cost, what) in steps {
            if what == 0 && !open.is_empty() {
                let (key, grant) = open.swap_remove(usize::from(key) % open.len());
                let unused = cost % (grant.cost() + 1);
                used.entry(key).or_default().push((grant.at().as_nanos(), grant.cost() - unused));
                keyed.of(&key).refund(grant, unused, at(now));
            } else {
                let key = u64::from(key) % keys;
                open.extend(keyed.of(&key).take(cost, at(now)).into_result().ok().map(|grant| (key, grant)));
            }
        }
        for (key, grant) in open {
            used.entry(key).or_default().push((grant.at().as_nanos(), grant.cost()));
        }
        for (key, grants) in used {
            prop_assert_eq!(excess(quota, grants), None, "key {}", key);
        }
        prop_assert_eq!(keyed.slots(), slots);
        prop_assert!(keyed.occupied() <= slots);
    }

    /// Refunds never let a key have more than burst + rate * t, whoever refunds what, when, and however its clock lags.
    #[test]
    fn refunds_keep_the_bound_of_each_key(
        interval in 1u64..20,
        burst in 1u64..4,
        steps in prop::collection::vec((0u64..30, 0u64..100, 0u64..2, 1u64..4, any::<Option<Index>>()), 0..150),
    ) {
        // In microseconds and more: far above what refunds may be short by.
        let quota = every(interval * 10_000, burst);
        let keyed = table(quota, 16);
        let mut used: [Vec<(u64, u64)>; 2] = Default::default();
        let mut open: Vec<(u64, Grant)> = Vec::new();
        let mut now = 0;
        for (pause, lag, key, cost, refund) in steps {
            now += pause * 1000;
            match refund {
                Some(which) if !open.is_empty() => {
                    let (key, grant) = open.swap_remove(which.index(open.len()));
                    let unused = cost.min(grant.cost());
                    used[usize::try_from(key).unwrap()].push((grant.at().as_nanos(), grant.cost() - unused));
                    keyed.of(&key).refund(grant, unused, at(now.saturating_sub(lag * 1000)));
                }
                _ => open.extend(keyed.of(&key).take(cost, at(now)).into_result().ok().map(|grant| (key, grant))),
            }
        }
        for (key, grant) in open {
            used[usize::try_from(key).unwrap()].push((grant.at().as_nanos(), grant.cost()));
        }
        for grants in used {
            prop_assert_eq!(excess(quota, grants), None);
        }
    }

    /// A key in debt is denied for as long as it would be alone, whatever other keys come in between.
    #[test]
    fn debt_survives_pressure(
        debt in 1u64..400,
        others in prop::collection::vec((0u64..4, 1u64..1000), 0..200),
    ) {
        let keyed = table(every(10, 1), 1);
        let debtor = keyed.of(&u64::MAX);
        debtor.charge(debt, at(0));
        let mut now = 0;
        for (pause, key) in others {
            now += pause;
            let _ = keyed.of(&key).take(1, at(now));
            prop_assert_eq!(debtor.take(1, at(now)).is_allowed(), now >= debt * 10);
            if now >= debt * 10 {
                break;
            }
        }
    }

    /// A change of quota keeps what a key owes in permits: it is then admitted what a bucket would admit that changes its
    /// rate and size at the key's next call.
    #[test]
    fn a_change_of_quota_keeps_the_debt(
        steps in prop::collection::vec((0u64..100, 1u64..8, 0usize..3, any::<bool>()), 0..150),
    ) {
        // Powers of two: debt can be told exactly, in 1/64 of a permit.
        let quotas = [every(16, 4), every(64, 8), every(4, 2)];
        let keyed = table(quotas[0], 16);
        let plans = quotas.map(|quota| keyed.plan(quota).unwrap());
        let (mut debt, mut now, mut earning) = (0u64, 0, 16);
        for (pause, cost, which, by_default) in steps {
            now += pause;
            debt = debt.saturating_sub(pause * 64 / earning);
            let quota = quotas[which];
            earning = u64::try_from(quota.period().as_nanos()).unwrap();
            // Rounded up to a quarter of a nanosecond at the new rate.
            debt = debt.next_multiple_of(16_u64.div_ceil(earning));
            let limiter = if by_default {
                keyed.set_quota(quota).unwrap();
                keyed.of(&7)
            } else {
                keyed.of_with(&7, plans[which])
            };
            prop_assert_eq!(limiter.quota(), quota);
            // A key's quota changes when it is taken or charged at the other one.
            limiter.charge(1, at(now));
            debt += 64;
            let admitted = limiter.take(cost, at(now)).is_allowed();
            prop_assert_eq!(admitted, debt + cost * 64 <= quota.burst_size() * 64, "owes {}/64, asks {}", debt, cost);
            debt += if admitted { cost * 64 } else { 0 };
        }
    }
}

//! The laws of leases.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use steadfast_clock::Nanos;
use steadfast_ratelimit::{Grant, Lease, Limiter, Quota, RateLimiter};

use super::{at, quota, slowed, slowness};
use crate::bound::excess;

#[derive(Clone, Debug)]
enum Step {
    Take(u64),
    Refund(Index, u64),
    Release,
}

proptest! {
    /// Within any span at most burst + rate * t and the sizes of all leases, whatever their clocks do, and whatever is
    /// given back.
    #[test]
    fn leases_admit_at_most_their_sizes_more(
        quota in quota(),
        slowness in slowness(),
        sizes in prop::collection::vec(0u64..9, 1..4),
        steps in prop::collection::vec(
            (any::<Index>(), 0u64..2000, prop_oneof![
                8 => (0u64..12).prop_map(Step::Take),
                2 => (any::<Index>(), 0u64..12).prop_map(|(which, unused)| Step::Refund(which, unused)),
                1 => Just(Step::Release),
            ]),
            0..120,
        ),
    ) {
        let quota = slowed(quota, slowness);
        let limiter = RateLimiter::new(quota);
        let mut leases: Vec<_> = sizes.iter().map(|size| (limiter.lease(*size), 0)).collect();
        let (mut used, mut open) = (Vec::new(), Vec::<(u64, Grant)>::new());
        for (which, now, step) in steps {
            let now = now * slowness;
            let of = which.index(leases.len());
            let (lease, time) = &mut leases[of];
            match step {
                Step::Take(cost) => {
                    *time = now.max(*time);
                    open.extend(lease.take(cost, at(now)).into_result().ok().map(|grant| (*time, grant)));
                }
                Step::Refund(which, unused) if !open.is_empty() => {
                    let (stamp, grant) = open.swap_remove(which.index(open.len()));
                    used.push((stamp, grant.cost().saturating_sub(unused)));
                    lease.refund(grant, unused, at(now));
                }
                Step::Refund(..) => {}
                Step::Release => lease.release(at(now)),
            }
            prop_assert!(lease.stock() <= lease.size());
        }
        used.extend(open.iter().map(|(stamp, grant)| (*stamp, grant.cost())));
        let bound = quota.burst(quota.burst_size() + sizes.iter().sum::<u64>()).unwrap();
        prop_assert_eq!(excess(bound, used), None);
    }

    /// While time stands nothing is lost: what leases have not spent comes back whole.
    #[test]
    fn leases_lose_nothing(
        burst in 1u64..60,
        steps in prop::collection::vec((0usize..3, 0u64..12, 0u64..12), 0..60),
    ) {
        let limiter = RateLimiter::new(Quota::new(1, Duration::from_nanos(7)).unwrap().burst(burst).unwrap());
        let now = Nanos::from_nanos(1_000_000);
        let mut leases: Vec<_> = (0..3).map(|_| limiter.lease(4)).collect();
        let mut spent = 0;
        for (which, cost, size) in steps {
            let there = leases.iter().map(Lease::stock).sum::<u64>() + spent;
            prop_assert!(there <= burst);
            match leases[which].take(cost, now).into_result() {
                Ok(grant) => spent += grant.cost(),
                Err(denied) => prop_assert!(cost > burst - there || denied.is_never()),
            }
            if size > 8 {
                leases[which] = limiter.lease(size);
            }
        }
        drop(leases);
        prop_assert!(spent == burst || limiter.peek(burst - spent, now).is_allowed());
        prop_assert!(!limiter.peek(burst - spent + 1, now).is_allowed());
    }
}

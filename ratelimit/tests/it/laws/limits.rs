//! The laws of several limits at once.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use steadfast_clock::{Clock, ManualClock};
use steadfast_ratelimit::{Limiter, Limits, LimitsError, Quota, RateLimiter};

use crate::bound::excess;

fn quota(interval: u64, burst: u64) -> Quota {
    Quota::new(1, Duration::from_nanos(interval)).unwrap().burst(burst).unwrap()
}

proptest! {
    /// All or none: a reservation is given exactly when each limit alone would admit its cost, and a denied one leaves
    /// every limit as it was; the denial is the longest of all.
    #[test]
    fn a_reservation_is_all_or_none(
        bursts in prop::array::uniform3(1u64..10),
        steps in prop::collection::vec((0u64..50, prop::array::uniform3(0u64..11)), 0..80),
    ) {
        let clock = ManualClock::new();
        let make = |i: usize| RateLimiter::with_clock(quota(7 + 5 * i as u64, bursts[i]), clock.clone());
        let shared: Vec<_> = (0..3).map(|i| Arc::new(make(i))).collect();
        let alone: Vec<_> = (0..3).map(make).collect();
        let mut limits = Limits::new(clock.clone());
        for (name, limiter) in ["a", "b", "c"].into_iter().zip(&shared) {
            let limiter: Arc<RateLimiter<ManualClock>> = Arc::clone(limiter);
            limits = limits.with(name, limiter);
        }
        for (pause, costs) in steps {
            clock.advance(Duration::from_nanos(pause));
            let now = clock.now();
            let denials: Vec<_> = alone
                .iter()
                .zip(costs)
                .filter_map(|(limiter, cost)| limiter.peek(cost, now).into_result().err())
                .collect();
            match limits.reserve(&costs, now) {
                Ok(reserved) => {
                    prop_assert!(denials.is_empty());
                    for (limiter, cost) in alone.iter().zip(costs) {
                        prop_assert!(limiter.take(cost, now).is_allowed());
                    }
                    reserved.keep();
                }
                Err(LimitsError::Denied(denied)) => {
                    let longest = denials.iter().map(|denied| denied.after.unwrap_or(Duration::MAX)).max();
                    prop_assert_eq!(Some(denied.after.unwrap_or(Duration::MAX)), longest);
                }
                Err(other) => prop_assert!(false, "{:?}", other),
            }
        }
    }

    /// However reservations are settled, kept and dropped, what is used of each limit stays within burst + rate * t,
    /// beyond what was charged above the reservation.
    #[test]
    fn settling_keeps_the_bound(
        burst in 1u64..10,
        steps in prop::collection::vec((0u64..50, 0u64..8, any::<Option<(Index, u64)>>()), 0..100),
    ) {
        let clock = ManualClock::new();
        let quota = quota(10, burst);
        let limits = Limits::new(clock.clone())
            .with("a", Arc::new(RateLimiter::with_clock(quota, clock.clone())))
            .with("b", Arc::new(RateLimiter::with_clock(quota, clock.clone())));
        let (mut open, mut used) = (Vec::new(), Vec::new());
        for (pause, cost, settle) in steps {
            clock.advance(Duration::from_nanos(pause));
            let now = clock.now();
            match settle {
                Some((which, actual)) if !open.is_empty() => {
                    let (reserved, at, cost): (steadfast_ratelimit::Reservation<_>, u64, u64) =
                        open.swap_remove(which.index(open.len()));
                    match actual % 3 {
                        0 => drop(reserved),
                        1 => {
                            reserved.keep();
                            used.push((at, cost));
                        }
                        _ => {
                            reserved.settle(&[actual % (cost + 1), cost], now).unwrap();
                            used.push((at, cost));
                        }
                    }
                }
                _ => open.extend(limits.reserve(&[cost, cost], now).ok().map(|reserved| (reserved, now.as_nanos(), cost))),
            }
        }
        // Of the second limit, of which nothing is given back by settling.
        used.extend(open.iter().map(|(_, at, cost)| (*at, *cost)));
        prop_assert_eq!(excess(quota, used), None);
    }
}

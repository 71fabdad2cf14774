//! The laws of a limiter that is paused, or starts empty.

use std::time::Duration;

use proptest::prelude::*;
use steadfast_clock::ManualClock;
use steadfast_ratelimit::{Decision, Limiter, Quota, RateLimiter};

use super::at;
use crate::bucket::Bucket;

#[derive(Clone, Debug)]
enum Step {
    Take(u64),
    Charge(u64),
    Pause(u64),
    Resume,
}

proptest! {
    /// It answers as a naive token bucket behind a gate does: not before the end of the last pause, and then with all
    /// that was earned meanwhile; to the nanosecond.
    #[test]
    fn a_pause_is_a_gate_before_a_token_bucket(
        interval in 1u64..50,
        burst in 1u64..10,
        steps in prop::collection::vec(
            (0u64..60, prop_oneof![
                8 => (1u64..12).prop_map(Step::Take),
                1 => (0u64..20).prop_map(Step::Charge),
                2 => (0u64..300).prop_map(Step::Pause),
                1 => Just(Step::Resume),
            ]),
            0..120,
        ),
    ) {
        let quota = Quota::new(1, Duration::from_nanos(interval)).unwrap().burst(burst).unwrap();
        let limiter = RateLimiter::new(quota);
        let mut bucket = Bucket::full(quota);
        let (mut now, mut gate) = (0, 0);
        for (pause, step) in steps {
            now += pause;
            match step {
                Step::Take(cost) => {
                    let theirs = match bucket.peek(cost, now) {
                        answer if now >= gate => answer,
                        Err(None) => Err(None),
                        answer => Err(Some(answer.err().flatten().unwrap_or_default().max(Duration::from_nanos(gate - now)))),
                    };
                    match limiter.take(cost, at(now)) {
                        Decision::Allow(_) => {
                            prop_assert_eq!(theirs, Ok(()));
                            bucket.charge(cost, now);
                        }
                        Decision::Deny(denied) => prop_assert_eq!(theirs, Err(denied.after)),
                        other => prop_assert!(false, "{:?}", other),
                    }
                }
                Step::Charge(cost) => {
                    limiter.charge(cost, at(now));
                    bucket.charge(cost, now);
                }
                Step::Pause(ahead) => {
                    limiter.pause_until(at(now + ahead));
                    gate = gate.max(now + ahead);
                }
                Step::Resume => {
                    limiter.resume();
                    gate = 0;
                }
            }
        }
    }

    /// A limiter that starts empty answers as a naive token bucket does that starts empty.
    #[test]
    fn starting_empty_is_starting_with_an_empty_bucket(
        interval in 1u64..50,
        burst in 1u64..10,
        steps in prop::collection::vec((0u64..100, 1u64..12), 0..60),
    ) {
        let quota = Quota::new(1, Duration::from_nanos(interval)).unwrap().burst(burst).unwrap();
        let limiter = RateLimiter::with_clock(quota, ManualClock::new()).starting_empty();
        let mut bucket = Bucket::full(quota);
        let mut now = 1_000_000_000;
        bucket.charge(burst, now);
        for (pause, cost) in steps {
            now += pause;
            match limiter.take(cost, at(now)) {
                Decision::Allow(_) => prop_assert_eq!(bucket.take(cost, now), Ok(())),
                Decision::Deny(denied) => prop_assert_eq!(bucket.take(cost, now), Err(denied.after)),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}

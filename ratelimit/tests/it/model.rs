//! The limiter against a naive token bucket.

use std::time::Duration;

use proptest::prelude::*;
use steadfast_clock::Nanos;
use steadfast_ratelimit::{Decision, Limiter, Quota, RateLimiter};

use crate::bucket::Bucket;

#[derive(Clone, Debug)]
enum Step {
    Take(u64),
    Peek(u64),
    Charge(u64),
}

proptest! {
    /// After any history of takes, peeks and charges the limiter answers as a naive token bucket does, to the
    /// nanosecond.
    #[test]
    fn it_answers_as_a_token_bucket_does(
        interval in 1u64..50,
        burst in 1u64..10,
        steps in prop::collection::vec(
            (0u64..100, prop_oneof![
                6 => (0u64..12).prop_map(Step::Take),
                2 => (0u64..12).prop_map(Step::Peek),
                1 => (0u64..30).prop_map(Step::Charge),
            ]),
            0..200,
        ),
    ) {
        let quota = Quota::new(1, Duration::from_nanos(interval)).unwrap().burst(burst).unwrap();
        let limiter = RateLimiter::new(quota);
        let mut bucket = Bucket::full(quota);
        let mut now = 0;
        for (pause, step) in steps {
            now += pause;
            let at = Nanos::from_nanos(now);
            let (ours, theirs) = match step {
                Step::Take(cost) => (limiter.take(cost, at), bucket.take(cost, now)),
                Step::Peek(cost) => (limiter.peek(cost, at), bucket.peek(cost, now)),
                Step::Charge(cost) => {
                    limiter.charge(cost, at);
                    bucket.charge(cost, now);
                    continue;
                }
            };
            match ours {
                Decision::Allow(grant) => {
                    prop_assert_eq!(grant.at(), at);
                    prop_assert_eq!(theirs, Ok(()));
                }
                Decision::Deny(denied) => prop_assert_eq!(theirs, Err(denied.after)),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}

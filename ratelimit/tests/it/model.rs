//! The limiter against a naive token bucket.

use std::time::Duration;

use proptest::prelude::*;
use steadfast_clock::Nanos;
use steadfast_ratelimit::{Decision, Limiter, Quota, RateLimiter};

/// A bucket that is refilled by the nanosecond, for intervals of whole nanoseconds.
struct Bucket {
    /// Nanoseconds' worth; below zero in debt.
    level: i128,
    full: i128,
    interval: i128,
    last: u64,
}

impl Bucket {
    fn pass_to(&mut self, now: u64) {
        self.level = self.full.min(self.level + i128::from(now - self.last));
        self.last = now;
    }

    /// Admitted, or how long to wait; `None` for never.
    fn take(&mut self, cost: u64, now: u64) -> Result<(), Option<Duration>> {
        self.pass_to(now);
        let cost = i128::from(cost) * self.interval;
        if cost == 0 {
            return Ok(());
        }
        if cost > self.full {
            return Err(None);
        }
        if cost > self.level {
            return Err(Some(Duration::from_nanos(u64::try_from(cost - self.level).unwrap())));
        }
        self.level -= cost;
        Ok(())
    }
}

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
        let full = i128::from(burst * interval);
        let mut bucket = Bucket { level: full, full, interval: i128::from(interval), last: 0 };
        let mut now = 0;
        for (pause, step) in steps {
            now += pause;
            let at = Nanos::from_nanos(now);
            let (ours, theirs) = match step {
                Step::Take(cost) => (limiter.take(cost, at), bucket.take(cost, now)),
                Step::Peek(cost) => {
                    bucket.pass_to(now);
                    let before = bucket.level;
                    let answer = bucket.take(cost, now);
                    bucket.level = before;
                    (limiter.peek(cost, at), answer)
                }
                Step::Charge(cost) => {
                    limiter.charge(cost, at);
                    bucket.pass_to(now);
                    bucket.level -= i128::from(cost * interval);
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

//! The law of following a server.

use std::time::Duration;

use proptest::prelude::*;
use steadfast_clock::Nanos;
use steadfast_ratelimit::{Limiter, Observed, Quota, RateLimiter};

proptest! {
    /// After an answer no more is admitted at once than the server has left, and never more than without it.
    #[test]
    fn it_admits_no_more_than_the_server_has_left(
        interval in 1u64..50,
        burst in 1u64..20,
        steps in prop::collection::vec((0u64..100, 0u64..12, any::<Option<u8>>()), 0..60),
    ) {
        let quota = Quota::new(1, Duration::from_nanos(interval)).unwrap().burst(burst).unwrap();
        let (limiter, alone) = (RateLimiter::new(quota), RateLimiter::new(quota));
        let mut now = 0;
        for (pause, cost, remaining) in steps {
            now += pause;
            let at = Nanos::from_nanos(now);
            if let Some(remaining) = remaining.map(u64::from) {
                Observed::new().remaining(remaining).apply(&limiter, at);
                prop_assert!(remaining >= burst || !limiter.peek(remaining + 1, at).is_allowed());
            }
            let admitted = limiter.take(cost, at).is_allowed();
            if admitted {
                prop_assert!(alone.take(cost, at).is_allowed());
            }
        }
    }
}

//! What users may rely on at compile time.

use std::sync::Arc;

use steadfast_clock::{ManualClock, Nanos};
use steadfast_ratelimit::{ConfigError, Decision, Denied, Gcra, Grant, Limiter, Quota, RateLimiter};

fn send_sync<T: Send + Sync>() {}

#[test]
fn handles_and_values_are_send_sync() {
    send_sync::<RateLimiter>();
    send_sync::<RateLimiter<ManualClock>>();
    send_sync::<Arc<dyn Limiter + Send + Sync>>();
    send_sync::<(Quota, Gcra, Decision, Grant, Denied, ConfigError)>();
}

#[test]
fn the_trait_is_dyn_compatible_and_passes_through_pointers() {
    let limiter: Arc<dyn Limiter + Send + Sync> = Arc::new(RateLimiter::new(Quota::per_second(1).unwrap()));
    fn two(limiter: impl Limiter) -> (bool, bool) {
        let now = Nanos::from_nanos(5);
        (limiter.take(1, now).is_allowed(), limiter.take(1, now).is_allowed())
    }
    assert_eq!(two(&limiter), (true, false));
    assert_eq!(two(Box::new(limiter)), (false, false));
}

/// A limiter of someone else's: everything that the trait speaks of can be built from outside.
struct Never;

impl Limiter for Never {
    fn take(&self, cost: u64, now: Nanos) -> Decision {
        if cost == 0 { Decision::Allow(Grant::new(0, now)) } else { Decision::Deny(Denied::new("never", None, 0)) }
    }

    fn peek(&self, cost: u64, now: Nanos) -> Decision {
        self.take(cost, now)
    }

    fn charge(&self, _: u64, _: Nanos) {}

    fn refund(&self, _: Grant, _: u64, _: Nanos) {}
}

#[test]
fn outsiders_can_implement_the_trait() {
    let denied = Never.take(1, Nanos::ZERO).into_result().unwrap_err();
    assert!(denied.is_never());
    assert_eq!(denied.to_string(), "rate limit \"never\" never admits a cost above 0");
}

#[cfg(feature = "tokio")]
#[test]
fn waiting_can_be_spawned() {
    fn send<T: Send>(_: T) {}
    let limiter = RateLimiter::new(Quota::per_second(1).unwrap());
    let timer = steadfast_clock::shared(ManualClock::new());
    send(limiter.acquire(1, None, &timer));
    send(limiter.acquire(1, None, &ManualClock::new()));
}

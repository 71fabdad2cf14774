//! What users may rely on at compile time.

use std::sync::Arc;

use steadfast_clock::{ManualClock, Nanos};
use steadfast_ratelimit::{ConfigError, Decision, Denied, Gcra, Grant, Lease, Limiter, Quota, RateLimiter};

fn send_sync<T: Send + Sync>() {}

#[test]
fn handles_and_values_are_send_sync() {
    send_sync::<RateLimiter>();
    send_sync::<RateLimiter<ManualClock>>();
    send_sync::<Arc<dyn Limiter + Send + Sync>>();
    send_sync::<(Quota, Gcra, Decision, Grant, Denied, ConfigError)>();
}

#[test]
fn a_lease_can_move_to_its_thread_and_be_a_trait_object() {
    fn send<T: Send + 'static>(_: &T) {}
    let limiter = Arc::new(RateLimiter::new(Quota::per_second(1).unwrap()));
    let lease = Lease::new(limiter, 64);
    send(&lease);
    let lease: Box<dyn Limiter> = Box::new(lease);
    assert!(lease.take(1, Nanos::from_nanos(5)).is_allowed());
    // Not `Sync`: no two threads spend from one stock.
    trait Ambiguous<A> {
        fn some() {}
    }
    impl<T: ?Sized> Ambiguous<()> for T {}
    impl<T: ?Sized + Sync> Ambiguous<u8> for T {}
    let _ = <Lease<&RateLimiter> as Ambiguous<_>>::some;
}

#[cfg(feature = "tower")]
#[test]
fn layers_services_and_their_futures_are_send() {
    use steadfast_ratelimit::tower::{Error, RateLimit, RateLimitLayer, ResponseFuture};
    type Shared = Arc<RateLimiter<ManualClock>>;
    send_sync::<(RateLimitLayer<Shared, ManualClock>, RateLimit<(), Shared, ManualClock>, Error<()>)>();
    send_sync::<ResponseFuture<std::future::Ready<()>>>();
    #[cfg(feature = "tokio")]
    {
        use steadfast_ratelimit::tower::{Wait, WaitFuture, WaitLayer};
        fn send<T: Send>() {}
        send_sync::<(WaitLayer<ManualClock>, Wait<(), ManualClock>)>();
        send::<WaitFuture<(), ()>>();
    }
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

#[test]
fn the_other_limits_their_permits_and_futures_can_be_sent() {
    use steadfast_ratelimit::{
        AdaptiveConcurrency, AdaptivePermit, Aimd, AimdError, Busy, Concurrency, InFlight, KeyRef, Keyed, Level,
        Limits, LimitsError, Observed, OwnedAdaptivePermit, OwnedInFlight, Plan, Reservation, Sample, Signal,
    };
    fn kept<T: Send + Sync + 'static>() {}
    fn limiter<T: Limiter>() {}
    kept::<(Keyed<String>, Keyed<str>, Plan, Limits<ManualClock>, LimitsError, Reservation<ManualClock>)>();
    kept::<(Concurrency, OwnedInFlight, Busy, AdaptiveConcurrency, OwnedAdaptivePermit)>();
    kept::<(Aimd, AimdError, Level, Sample, Signal, Observed)>();
    send_sync::<(KeyRef<'_>, InFlight<'_>, AdaptivePermit<'_>)>();
    limiter::<KeyRef<'_>>();
    #[cfg(feature = "calendar")]
    {
        use steadfast_ratelimit::{CalendarBudget, CalendarError, Period};
        kept::<(CalendarBudget, CalendarError, Period)>();
        limiter::<CalendarBudget<ManualClock>>();
    }
    #[cfg(feature = "tokio")]
    {
        fn send<T: Send>(_: T) {}
        let clock = ManualClock::new();
        let concurrency = Arc::new(Concurrency::new(std::num::NonZeroU32::MIN));
        send(concurrency.acquire(None, &clock));
        send(concurrency.acquire_owned(None, &clock));
        send(AdaptiveConcurrency::new(Aimd::new(1, 2).unwrap()).acquire(None, &clock));
        send(Limits::new(clock.clone()).acquire(&[], None, &clock));
    }
    #[cfg(feature = "tower")]
    {
        use steadfast_ratelimit::tower::{
            ConcurrencyError, ConcurrencyFuture, ConcurrencyLayer, ConcurrencyLimit, KeyedLayer, KeyedLimit,
        };
        kept::<(ConcurrencyLayer, ConcurrencyLimit<()>, ConcurrencyFuture<()>, ConcurrencyError<()>)>();
        kept::<(KeyedLayer<String, fn(), ManualClock>, KeyedLimit<(), String, fn(), ManualClock>)>();
    }
}

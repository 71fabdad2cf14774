//! What users may rely on at compile time.

use std::sync::Arc;
use std::time::Duration;

use steadfast_breaker::tower::{BreakerFuture, BreakerLayer, BreakerService, ByResult};
use steadfast_breaker::{
    Breaker, CallError, CircuitBreaker, ConfigError, Growth, Machine, Mode, Observer, OpenTime, Outcome, Over,
    OwnedPermit, Permit, Rate, Reason, Registry, Rejected, Rule, Slow, State, Status, Summary, Ticket, Transition,
    Trip,
};
use steadfast_clock::{Clock, ManualClock, Nanos, SharedTimer, System};

fn send<T: Send>(_: &T) {}
fn send_sync<T: Send + Sync>() {}
fn fits_static<T: 'static>() {}

#[test]
fn handles_and_values_are_send_sync() {
    send_sync::<CircuitBreaker>();
    send_sync::<CircuitBreaker<Arc<dyn Observer>>>();
    send_sync::<Permit<'static, System>>();
    send_sync::<Permit<'static, dyn Clock + Sync, Arc<dyn Observer>>>();
    send_sync::<OwnedPermit>();
    send_sync::<OwnedPermit<SharedTimer>>();
    send_sync::<Machine>();
    send_sync::<Ticket>();
    send_sync::<Registry<String, Arc<dyn Observer>>>();
    send_sync::<BreakerLayer>();
    send_sync::<BreakerService<(), System, ByResult>>();
    send_sync::<BreakerFuture<std::future::Ready<()>, System, ByResult>>();
    send_sync::<CallError<std::io::Error>>();
    send_sync::<(Trip, Rate, Slow, Over, Growth, Mode, Summary)>();
    send_sync::<(Rule, State, Status, Outcome, Reason, Rejected, Transition, ConfigError)>();
    fits_static::<OwnedPermit<System>>();
}

#[test]
fn traits_are_dyn_compatible() {
    let breaker: Arc<dyn Breaker> = Arc::new(CircuitBreaker::new(Rule::new()).unwrap());
    let ticket = Arc::clone(&breaker).admit(Nanos::ZERO).unwrap();
    breaker.settle(ticket, Outcome::Success, Duration::ZERO, Nanos::ZERO);
    let schedule: Arc<dyn OpenTime> = Arc::new(|_: u32| Duration::from_secs(1));
    assert_eq!(schedule.open_for(1), Duration::from_secs(1));
    let observer: Box<dyn Observer> = Box::new(());
    let _ = CircuitBreaker::with_observer(Rule::new(), observer).unwrap();
}

#[test]
fn the_default_observer_takes_no_space() {
    assert_eq!(size_of::<()>(), 0);
    assert!(size_of::<CircuitBreaker>() < size_of::<CircuitBreaker<Arc<dyn Observer>>>());
}

/// A breaker of someone else's: everything that the trait speaks of can be built from outside.
#[derive(Debug)]
struct Always(bool);

impl Breaker for Always {
    fn admit(&self, _: Nanos) -> Result<Ticket, Rejected> {
        if self.0 { Ok(Ticket::new(0, None)) } else { Err(Rejected::new(State::Open, None)) }
    }

    fn settle(&self, _: Ticket, _: Outcome, _: Duration, _: Nanos) {}
}

#[test]
fn outsiders_can_implement_the_trait() {
    let breakers: [Arc<dyn Breaker>; 2] = [Arc::new(Always(true)), Arc::new(Always(false))];
    let ticket = breakers[0].admit(Nanos::ZERO).unwrap();
    breakers[0].settle(ticket, Outcome::Success, Duration::ZERO, Nanos::ZERO);
    assert_eq!(breakers[1].admit(Nanos::ZERO).unwrap_err().to_string(), "circuit breaker is open");
}

#[test]
fn the_futures_of_calls_can_be_spawned() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::new(Rule::new()).unwrap();
    send(&breaker.call_async(&clock, async { Ok::<u8, u8>(1) }));
}

#[test]
fn a_borrowed_permit_is_six_words() {
    assert!(size_of::<Permit<'static, System>>() <= 6 * size_of::<u64>());
}

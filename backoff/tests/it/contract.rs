//! What users may rely on at compile time.

use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;

use steadfast_backoff::{
    Budget, ConfigError, Driver, Exponential, ExponentialBuilder, Failed, Jitter, Next, Policy, Retry, Retrying,
    Schedule, StatusSet, Step, Stop, Success, Unlimited, Verdict, Wait,
};
use steadfast_clock::{ManualClock, Nanos};

fn handle<T: Send + Sync + Debug>() {}
fn error<T: Error>() {}

#[test]
fn everything_is_send_sync_and_debug() {
    handle::<Step>();
    handle::<Jitter>();
    handle::<Exponential>();
    handle::<ExponentialBuilder>();
    handle::<Policy>();
    handle::<Policy<Arc<Exponential>>>();
    handle::<Verdict>();
    handle::<StatusSet>();
    handle::<Retry>();
    handle::<Next>();
    handle::<Wait>();
    handle::<Stop>();
    handle::<Unlimited>();
    handle::<ConfigError>();
    handle::<Success<u8>>();
    handle::<Failed<u8>>();
    handle::<Retrying<'_, u8>>();
    handle::<Driver<'_, Exponential, ManualClock, u8>>();
    error::<ConfigError>();
    error::<Failed<std::io::Error>>();
}

#[cfg(feature = "rand")]
#[test]
fn generators_are_send_sync_and_debug() {
    handle::<steadfast_backoff::Entropy>();
}

#[test]
fn schedules_and_budgets_are_dyn_compatible() {
    let boxed: Box<dyn Schedule> = Box::new(Exponential::default());
    let shared: Arc<dyn Schedule + Send + Sync> = Arc::new(Exponential::default());
    let step = Step::new(1);
    let wait = Exponential::default().delay(&step, 5);
    assert_eq!(boxed.delay(&step, 5), wait);
    assert_eq!(shared.delay(&step, 5), wait);
    assert!(boxed.is_jittered() && shared.is_jittered() && Schedule::is_jittered(&&boxed));

    let budget: Arc<dyn Budget> = Arc::new(Unlimited);
    assert!(Box::new(&budget).withdraw(u32::MAX, Nanos::ZERO));
    Box::new(&budget).deposit(Nanos::ZERO);
}

#[test]
fn a_policy_can_forget_the_type_of_its_schedule() {
    let policy = Policy::delivery();
    let erased: &Policy<dyn Schedule> = &policy;
    let mut retry = Retry::new(Nanos::ZERO);
    retry.begin();
    let next = retry.next(erased, None, 1, Nanos::ZERO, None, &Unlimited, 0);
    assert!(matches!(next, Next::Wait(_)));

    let boxed: Policy<Box<dyn Schedule>> = Policy::new(Box::new(Exponential::default()) as _, 3).unwrap();
    assert_eq!(boxed.max_attempts(), 3);
}

#[test]
fn a_driven_call_can_be_spawned() {
    fn send<T: Send>(future: T) -> T {
        future
    }
    let policy = Policy::delivery();
    let clock = ManualClock::new();
    let driver = Driver::with_entropy(&policy, &clock, || 0).deadline(Nanos::MAX).budget(&Unlimited);
    assert!(format!("{driver:?}").contains("deadline"));
    let call = send(driver.run(|_| async { Ok::<_, u8>(()) }, |_| Verdict::Done));
    assert!(crate::drive(&clock, call).is_ok());
}

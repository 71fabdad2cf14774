//! What users may rely on at compile time.

use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;

use steadfast_backoff::{
    AnySchedule, Budget, ConfigError, Constant, Decorrelated, Driver, Exponential, ExponentialBuilder, Failed,
    Fibonacci, FibonacciBuilder, Jitter, Judged, Linear, LinearBuilder, List, Next, NonRetryable, Policy, Retry,
    Retrying, Schedule, StatusSet, Step, Stop, Success, Timed, Transient, Unlimited, Untimed, Verdict, Wait, Waits,
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
    handle::<Constant>();
    handle::<Linear>();
    handle::<LinearBuilder>();
    handle::<Fibonacci>();
    handle::<FibonacciBuilder>();
    handle::<Decorrelated>();
    handle::<List>();
    handle::<AnySchedule>();
    handle::<Waits<Exponential, fn() -> u64>>();
    handle::<Judged<u8>>();
    handle::<NonRetryable<u8>>();
    handle::<Untimed>();
    handle::<Timed<fn() -> u8>>();
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
    handle::<steadfast_backoff::RetryBudget>();
    handle::<steadfast_backoff::RetryBudgetBuilder>();
    handle::<steadfast_backoff::Carried>();
    handle::<steadfast_backoff::Hedge<'_, steadfast_backoff::HedgeQuantile, ManualClock>>();
    handle::<steadfast_backoff::Hedged<u8>>();
    handle::<steadfast_backoff::HedgeFailed<u8>>();
    handle::<steadfast_backoff::Race>();
    handle::<steadfast_backoff::HeldBack>();
    handle::<steadfast_backoff::Latency>();
    handle::<steadfast_backoff::HedgeQuantile>();
    error::<ConfigError>();
    error::<steadfast_backoff::HedgeFailed<std::io::Error>>();
    error::<Judged<std::io::Error>>();
    error::<NonRetryable<std::io::Error>>();
    error::<Failed<std::io::Error>>();
}

#[cfg(feature = "rand")]
#[test]
fn generators_are_send_sync_and_debug() {
    handle::<steadfast_backoff::Entropy>();
    handle::<steadfast_backoff::Retried<'_, Exponential, u8>>();
    handle::<steadfast_backoff::Retried<'_, Exponential, u8, steadfast_backoff::By<u8>>>();
    handle::<steadfast_backoff::Itself>();
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

    let listed: Arc<dyn Schedule> = Arc::new(AnySchedule::from(List::new([std::time::Duration::ZERO]).unwrap()));
    assert!(!listed.is_jittered());
    struct Told;
    impl Transient for Told {}
    let told: Box<dyn Transient> = Box::new(Told);
    assert_eq!(told.verdict(), Verdict::retry());

    let delay: Box<dyn steadfast_backoff::HedgeDelay> = Box::new(std::time::Duration::from_secs(1));
    assert_eq!(delay.delay(), Some(std::time::Duration::from_secs(1)));

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
fn a_hedged_call_can_be_spawned() {
    fn send<T: Send>(future: T) -> T {
        future
    }
    let clock = ManualClock::new();
    let hedge = steadfast_backoff::Hedge::new(std::time::Duration::from_secs(1), &clock).deadline(Nanos::MAX);
    assert!(format!("{hedge:?}").contains("delay: 1s"));
    assert!(crate::drive(&clock, send(hedge.run(|_| async { Ok::<_, u8>(()) }, Verdict::unless_ok))).is_ok());
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

    let driver = Driver::with_entropy(&policy, &clock, || 0).attempt_timeout(std::time::Duration::MAX, || 0);
    let call = send(driver.run(|_| async { Ok::<_, u8>(()) }, |_| Verdict::Done));
    assert!(crate::drive(&clock, call).is_ok());
}

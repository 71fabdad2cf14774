//! Retrying: what a call costs that succeeds at once.

use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use layered::{Execute, Service as _, Stack};
use seatbelt::{RecoveryInfo, ResilienceContext};
use steadfast_backoff::{Driver, Policy, Unlimited, Verdict};
use steadfast_clock::{Clock, Nanos, Timer, TokioTimer};
use throttle_net::{Backoff, RetryAction};
use tokio_retry2::RetryError;
use tokio_retry2::strategy::ExponentialBackoff;

use super::Make;
use super::runtime::runtime;
use crate::Row;

pub(super) const ROWS: &[Make] = &[on_tokio, on_a_free_clock, with_total_limit, with_attempt_timeout, with_budget];

/// The whole driver around an operation that is ready and Ok, over awaiting it directly.
fn on_tokio() -> Row {
    over_direct_await("retry: first try Ok", TokioTimer::new())
}

/// The same on a timer whose clock costs nothing: what is left is the driver's own.
fn on_a_free_clock() -> Row {
    over_direct_await("retry: first try Ok, free clock", Still)
}

/// With a bound on the time of all attempts, which has to be started.
fn with_total_limit() -> Row {
    let policy = Policy::production();
    direct_await(Row::new("retry: first try Ok, total limit", move |n| {
        for _ in 0..n {
            let driver = Driver::new(&policy, TokioTimer::new()).total_limit(LIMIT);
            black_box(completed(driver.run(|_| operation(), classify)).map_or(0, |done| done.value));
        }
    }))
}

/// With a bound on the time of each attempt, on a timer whose sleeps cost nothing.
fn with_attempt_timeout() -> Row {
    let policy = Policy::production();
    direct_await(Row::new("retry: first try Ok, attempt timeout, free timer", move |n| {
        for _ in 0..n {
            let driver = Driver::new(&policy, Still).attempt_timeout(LIMIT, || unreachable!("nothing waits"));
            black_box(completed(driver.run(|_| operation(), classify)).map_or(0, |done| done.value));
        }
    }))
}

/// With somebody to be told of each success.
fn with_budget() -> Row {
    let policy = Policy::production();
    direct_await(Row::new("retry: first try Ok, budget", move |n| {
        for _ in 0..n {
            let driver = Driver::new(&policy, TokioTimer::new()).budget(black_box(&Unlimited));
            black_box(completed(driver.run(|_| operation(), classify)).map_or(0, |done| done.value));
        }
    }))
}

const LIMIT: Duration = Duration::from_secs(30);

fn over_direct_await<T: Timer + Copy + 'static>(name: &'static str, timer: T) -> Row {
    let policy = Policy::production();
    let builder = ExponentialBuilder::default().with_jitter();
    let throttle = throttle_net::Retry::new(Backoff::default());
    let row = Row::new(name, move |n| {
        for _ in 0..n {
            let run = Driver::new(&policy, timer).run(|_| operation(), classify);
            black_box(completed(run).map_or(0, |done| done.value));
        }
    })
    .peer("backon", move |n| {
        for _ in 0..n {
            black_box(completed(async { operation.retry(builder).await }).unwrap_or(0));
        }
    })
    .peer("tokio-retry2", move |n| {
        for _ in 0..n {
            let strategy = ExponentialBackoff::from_millis(50).take(3);
            let operation = || ready(operation().into_inner().map_err(RetryError::transient));
            black_box(completed(tokio_retry2::Retry::spawn(strategy, operation)).unwrap_or(0));
        }
    })
    .peer("throttle-net", move |n| {
        for _ in 0..n {
            black_box(completed(throttle.run(operation, |_| RetryAction::Retry)).unwrap_or(0));
        }
    });
    direct_await(seatbelt(row)).reach_plus(0.5, "direct await")
}

fn seatbelt(row: Row) -> Row {
    let entered = runtime().enter();
    let context = ResilienceContext::new(tick::Clock::new_tokio());
    let retry = seatbelt::retry::Retry::layer("bench", &context).clone_input().recovery_with(
        |result: &Result<u64, Refused>, _| match result {
            Ok(_) => RecoveryInfo::never(),
            Err(_) => RecoveryInfo::retry(),
        },
    );
    let service = (retry, Execute::new(|()| operation())).into_service();
    drop(entered);
    row.peer("seatbelt", move |n| {
        let _entered = runtime().enter();
        for _ in 0..n {
            black_box(completed(service.execute(())).unwrap_or(0));
        }
    })
}

fn direct_await(row: Row) -> Row {
    row.floor("direct await", |n| {
        for _ in 0..n {
            black_box(completed(async { operation().await }).unwrap_or(0));
        }
    })
}

/// What the operation could fail with, but does not.
#[derive(Clone, Copy, Debug)]
struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

/// Nobody can know beforehand that it succeeds, so that what follows a failure is there and is not run.
fn operation() -> Ready<Result<u64, Refused>> {
    let value = black_box(1);
    ready(if value > 0 { Ok(value) } else { Err(Refused) })
}

fn classify(result: &Result<u64, Refused>) -> Verdict {
    match result {
        Ok(_) => Verdict::Done,
        Err(_) => Verdict::retry(),
    }
}

/// The output of a future that never waits. Inlined for everyone: a call is no part of what is measured.
#[inline(always)]
pub(super) fn completed<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing to wait for"),
    }
}

/// A timer that stands still.
#[derive(Clone, Copy)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Nanos {
        Nanos::ZERO
    }
}

impl Timer for Still {
    type Sleep = Ready<()>;

    fn sleep_until(&self, _at: Nanos) -> Ready<()> {
        ready(())
    }
}

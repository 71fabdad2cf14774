//! Retrying: what a call costs that succeeds at once, and what the next wait costs.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder, Retryable};
use steadfast_backoff::{Driver, Entropy, Exponential, Policy, Schedule, Step, Verdict};
use steadfast_clock::{Clock, Nanos, Timer, TokioTimer};

use crate::Row;

/// The whole driver around an operation that is ready and Ok, over awaiting it directly.
pub fn first_try_ok() -> Row {
    over_direct_await("retry: first try Ok", TokioTimer::new())
}

/// The same on a timer whose clock costs nothing: what is left is the driver's own.
pub fn first_try_ok_and_a_free_clock() -> Row {
    over_direct_await("retry: first try Ok, free clock", Still)
}

/// One wait, randomness included.
pub fn next_jittered_delay() -> Row {
    let schedule = Exponential::builder()
        .base(Duration::from_millis(1))
        .cap(Duration::from_secs(60))
        .build()
        .expect("a schedule that works");
    let mut entropy = Entropy::new();
    let mut retry = 0u32;
    let mut backon = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(1))
        .with_max_delay(Duration::from_secs(60))
        .without_max_times()
        .with_jitter()
        .build();
    Row::new("delay: next, with jitter", move |n| {
        for _ in 0..n {
            retry = (retry + 1) & 15;
            black_box(schedule.delay(&Step::new(black_box(retry)), entropy.next()));
        }
    })
    .peer("backon", move |n| {
        for _ in 0..n {
            black_box(backon.next());
        }
    })
    .reach(0.25, "backon")
}

fn over_direct_await<T: Timer + Copy + 'static>(name: &'static str, timer: T) -> Row {
    let policy = Policy::production();
    let builder = ExponentialBuilder::default().with_jitter();
    Row::new(name, move |n| {
        for _ in 0..n {
            let classify = |result: &Result<u64, Infallible>| match result {
                Ok(_) => Verdict::Done,
                Err(_) => Verdict::retry(),
            };
            let run = Driver::new(&policy, timer).run(|_| operation(), classify);
            let _ = black_box(completed(run));
        }
    })
    .peer("backon", move |n| {
        for _ in 0..n {
            let _ = black_box(completed(async { operation.retry(builder).await }));
        }
    })
    .floor("direct await", |n| {
        for _ in 0..n {
            let _ = black_box(completed(async { operation().await }));
        }
    })
    .reach_plus(0.5, "direct await")
}

fn operation() -> Ready<Result<u64, Infallible>> {
    ready(Ok(black_box(1)))
}

/// The output of a future that never waits.
fn completed<F: Future>(future: F) -> F::Output {
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

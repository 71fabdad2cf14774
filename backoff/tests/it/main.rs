//! Integration tests of `steadfast-backoff`: one file per topic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use steadfast_clock::ManualClock;

mod blocking;
mod carried;
mod contract;
mod driver;
mod headers;
mod hedge;
mod latency;
mod laws;
mod limits;
mod machine;
mod presets;
mod retry_budget;
mod schedule;
mod schedules;
mod verdict;

#[cfg(feature = "serde")]
mod config;
#[cfg(feature = "rand")]
mod entropy;

#[cfg(feature = "tracing")]
mod log;
#[cfg(feature = "rand")]
mod retryable;
#[cfg(feature = "tower")]
mod tower;
#[cfg(feature = "tower")]
mod tower_hedge;

/// Runs a future to its end and moves the clock to whatever it sleeps for.
fn drive<F: Future>(clock: &ManualClock, future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => clock.advance_to_next().expect("pending, and nothing sleeps"),
        };
    }
}

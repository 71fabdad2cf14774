//! A timer on tokio's clock, which `tokio::time::pause` stops and steers.

mod timeouts;

pub use timeouts::{TokioTimeout, TokioTimeouts};

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::OnceLock;

use tokio::time::Instant;

use crate::{Clock, Nanos, System, Timer, UnixNanos, Wall};

/// Tokio's clock and timer wheel; the calendar is the system's.
///
/// Reads outside a runtime tell real time. Sleeps have the wheel's resolution of one millisecond and are never early.
/// The origin is one second before the process's first read.
///
/// # Panics
///
/// [`sleep_until`](Timer::sleep_until) panics outside a tokio runtime with its time driver on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokioTimer;

impl TokioTimer {
    /// The timer of the runtime that the caller is in.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is told to take")]
fn instant_now() -> Instant {
    Instant::now()
}

/// The instant that is [`Nanos`] one second, whatever runtime first asked.
fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(instant_now)
}

const HEAD: Nanos = Nanos::from_nanos(1_000_000_000);

/// The instant of a point in time, which nobody need look at the clock for.
fn instant(at: Nanos) -> Instant {
    let origin = origin();
    let there = if at < HEAD { origin.checked_sub(HEAD.since(at)) } else { origin.checked_add(at.since(HEAD)) };
    // What the system has no instant for is before everything, or so far off that a generation is as good.
    there.unwrap_or(if at < HEAD { origin } else { origin + GENERATION })
}

const GENERATION: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

impl Clock for TokioTimer {
    #[inline]
    fn now(&self) -> Nanos {
        let origin = origin();
        let now = instant_now();
        // A paused runtime stands where it was paused, which may be before the origin that another runtime gave.
        match now.checked_duration_since(origin) {
            Some(after) => HEAD.saturating_add(after),
            None => HEAD.saturating_sub(origin.saturating_duration_since(now)),
        }
    }
}

impl Wall for TokioTimer {
    fn wall(&self) -> UnixNanos {
        System.wall()
    }
}

impl Timer for TokioTimer {
    type Sleep = TokioSleep;

    #[expect(clippy::disallowed_methods, reason = "this is the timer that everything else is told to take")]
    fn sleep_until(&self, at: Nanos) -> TokioSleep {
        TokioSleep(Box::pin(tokio::time::sleep_until(instant(at))))
    }
}

/// The sleep of a [`TokioTimer`].
#[derive(Debug)]
pub struct TokioSleep(Pin<Box<tokio::time::Sleep>>);

impl Future for TokioSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

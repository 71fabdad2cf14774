//! A task that sleeps for an hour, tested in no time.

use std::future::Future;
use std::io::Write;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use steadfast_clock::{ManualClock, Timer};

async fn nap(timer: &impl Timer) -> Duration {
    let start = timer.now();
    timer.sleep_until(start.saturating_add(Duration::from_secs(3600))).await;
    timer.now().since(start)
}

fn main() -> std::io::Result<()> {
    let clock = ManualClock::new();
    let mut nap = pin!(nap(&clock));
    let mut cx = Context::from_waker(Waker::noop());
    let mut slept = nap.as_mut().poll(&mut cx);
    while slept.is_pending() {
        clock.advance_to_next();
        slept = nap.as_mut().poll(&mut cx);
    }
    writeln!(std::io::stdout(), "slept: {slept:?}")
}

//! A call that fails twice and is retried under a policy, in no time: the clock is moved by hand.

use std::future::Future;
use std::io::Write;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use steadfast_backoff::{Driver, Failed, Policy, Retrying, StatusSet, Success, Verdict};
use steadfast_clock::{Clock, ManualClock};

async fn fetch(attempt: u32) -> Result<&'static str, u16> {
    if attempt < 3 { Err(503) } else { Ok("here you are") }
}

fn judge(result: &Result<&'static str, u16>) -> Verdict {
    match result {
        Ok(_) => Verdict::Done,
        Err(status) if StatusSet::STANDARD.contains(*status) => Verdict::retry(),
        Err(_) => Verdict::Fatal,
    }
}

async fn call(policy: &Policy, clock: &ManualClock) -> Result<Success<&'static str>, Failed<u16>> {
    let tell = |retrying: &Retrying<'_, u16>| {
        // A listener has nobody to report a broken pipe to.
        let _ = writeln!(std::io::stdout(), "{retrying}");
    };
    Driver::new(policy, clock).on_retry(tell).run(fetch, judge).await
}

fn main() -> std::io::Result<()> {
    let policy = Policy::api_client();
    let clock = ManualClock::new();
    let start = clock.now();
    let mut call = pin!(call(&policy, &clock));
    let mut cx = Context::from_waker(Waker::noop());
    let ended = loop {
        match call.as_mut().poll(&mut cx) {
            Poll::Ready(ended) => break ended,
            Poll::Pending => clock.advance_to_next(),
        };
    };
    let mut out = std::io::stdout();
    match ended {
        Ok(done) => {
            writeln!(out, "{} (attempt {}, {:.1?} later)", done.value, done.attempts, clock.now().since(start))
        }
        Err(failed) => writeln!(out, "status {failed}"),
    }
}

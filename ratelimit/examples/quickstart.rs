//! Three seconds of calls under a limit of two a second, in no time.

use std::io::Write;
use std::time::Duration;

use steadfast_clock::ManualClock;
use steadfast_ratelimit::{Quota, RateLimiter};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout();
    let clock = ManualClock::new();
    let limiter = RateLimiter::with_clock(Quota::per_second(2)?.burst(3)?, clock.clone()).named("requests");
    for tenth in (0..30).step_by(3) {
        let answer = match limiter.try_acquire(1) {
            Ok(_) => "called".to_owned(),
            Err(denied) => denied.to_string(),
        };
        writeln!(out, "{:.1} s: {answer}", f64::from(tenth) / 10.0)?;
        clock.advance(Duration::from_millis(300));
    }
    match limiter.try_acquire(4) {
        Ok(_) => writeln!(out, "four at once?"),
        Err(denied) => writeln!(out, "four at once: {denied}"),
    }?;
    Ok(())
}

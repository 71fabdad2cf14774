//! Calls to a language model under three limits at once: requests a minute, tokens a minute, cents a day. What a call
//! will use is reserved, and settled once it is known.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::{Clock, ManualClock};
use steadfast_ratelimit::{CalendarBudget, Limits, Period, Quota, RateLimiter};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout();
    let clock = ManualClock::new();
    let limit = |quota| Arc::new(RateLimiter::with_clock(quota, clock.clone()));
    let model = Limits::new(clock.clone())
        .with("requests", limit(Quota::per_minute(60)?.burst(10)?))
        .with("tokens", limit(Quota::per_minute(90_000)?.burst(8_000)?))
        .with("cents", Arc::new(CalendarBudget::with_wall(100, Period::Day, "Europe/Berlin", clock.clone())?));

    for (call, used) in [[1, 900, 12], [1, 3_500, 40], [1, 5_000, 61], [1, 700, 9]].into_iter().enumerate() {
        // At worst a call takes as many tokens as it may answer with, and what those cost.
        match model.reserve(&[1, 6_000, 70], clock.now()) {
            Ok(reserved) => {
                reserved.settle(&used, clock.now())?;
                writeln!(out, "call {call}: used {} tokens, {} cents", used[1], used[2])?;
            }
            Err(denied) => writeln!(out, "call {call}: {denied}")?,
        }
        clock.advance(Duration::from_secs(2));
    }
    Ok(())
}

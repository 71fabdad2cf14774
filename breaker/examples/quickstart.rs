//! A callee goes down and comes back; the breaker spares it the calls in between.

use std::io::Write;
use std::time::Duration;

use steadfast_breaker::{CircuitBreaker, Observer, Rule, Transition};
use steadfast_clock::ManualClock;

struct Tell;

impl Observer for Tell {
    fn on(&self, transition: &Transition) {
        // A closed stdout is no reason to fail the call.
        let _ = writeln!(std::io::stdout(), "  {transition}");
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout();
    let clock = ManualClock::new();
    let rule = Rule::new().failures(3).window(Duration::from_secs(10)).open_for(Duration::from_secs(5));
    let breaker = CircuitBreaker::with_observer(rule, Tell)?;
    for second in 0..12 {
        let callee_is_up = !(2..8).contains(&second);
        match breaker.permit(&clock) {
            Ok(permit) if callee_is_up => {
                writeln!(out, "{second:>2} s: called, fine")?;
                permit.success();
            }
            Ok(permit) => {
                writeln!(out, "{second:>2} s: called, failed")?;
                permit.failure();
            }
            Err(rejected) => writeln!(out, "{second:>2} s: not called: {rejected}")?,
        }
        clock.advance(Duration::from_secs(1));
    }
    Ok(())
}

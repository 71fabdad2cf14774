//! A hundred calls, counted and timed on a clock that the program moves itself.

use std::io::Write;
use std::time::Duration;

use steadfast_clock::ManualClock;
use steadfast_telemetry::{Key, Recorder, Registry, rate};

fn main() -> std::io::Result<()> {
    let clock = ManualClock::new();
    let registry = Registry::new();
    let (requests, errors) = (registry.counter(&Key::new("requests")), registry.counter(&Key::new("errors")));
    let latency = registry.histogram(&Key::new("latency"));

    for ms in 1..=100 {
        let timed = latency.start(&clock);
        clock.advance(Duration::from_millis(ms));
        timed.stop();
        requests.inc();
        if ms % 20 == 0 {
            errors.inc();
        }
    }

    let snapshot = registry.snapshot();
    let mut out = std::io::stdout();
    writeln!(out, "error rate: {:?}", rate(snapshot.counter_sum("errors"), snapshot.counter_sum("requests")))?;
    let latency = snapshot.histogram_sum("latency");
    for q in [0.5, 0.95, 0.99] {
        writeln!(out, "p{:.0}: {:?}", q * 100.0, latency.quantile(q).map(Duration::from_nanos))?;
    }
    writeln!(out, "max: {:?}", latency.max().map(Duration::from_nanos))
}

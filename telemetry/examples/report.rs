//! A hundred calls to two models, reported for people and for Prometheus. Time is a clock that the program moves itself.

use std::io::Write;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use steadfast_clock::ManualClock;
use steadfast_telemetry::export::prometheus::Exporter;
use steadfast_telemetry::{CallReport, Calls, Recorder, Registry};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (registry, clock) = (Registry::new(), ManualClock::new());
    let calls = Calls::new(registry.clone(), "llm");
    let models = [calls.model("small-1"), calls.model("large-1")];

    for i in 0..100u64 {
        let model = &models[usize::from(i % 4 == 0)];
        let operation = calls.begin(&clock).also(model);
        if i % 10 == 3 {
            operation.count(|calls| calls.cache_hit(1_280, 900));
            operation.succeed();
            continue;
        }
        operation.count(Calls::cache_miss);

        let attempt = operation.attempt();
        clock.advance(Duration::from_millis(200 + 7 * i));
        attempt.end();
        if i % 20 == 0 {
            let wait = Duration::from_secs(1);
            operation.count(|calls| calls.hinted(wait));
            clock.advance(wait);
            let attempt = operation.attempt_after(wait, Some(529));
            clock.advance(Duration::from_millis(300));
            attempt.end();
        }
        if i % 25 == 7 {
            operation.fail(Some(400));
        } else {
            operation.count(|calls| calls.tokens(1_200, 10 + i));
            operation.succeed();
        }
    }

    let snapshot = registry.snapshot();
    let mut out = std::io::stdout();
    writeln!(out, "{}", CallReport::read(&snapshot, "llm", &[]))?;
    for (model, report) in CallReport::of_models(&snapshot, "llm") {
        writeln!(out, "{model}: {} calls, success rate {:?}", report.requests, report.success_rate())?;
    }

    let mut theirs = prometheus_client::registry::Registry::default();
    theirs.register_collector(Box::new(Exporter::new(registry)));
    let mut text = String::new();
    encode(&mut text, &theirs)?;
    writeln!(out, "\n{text}")?;
    Ok(())
}

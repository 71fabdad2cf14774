//! A client pool that keeps to a quota, retries as told, and leaves a host alone that keeps failing.

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use steadfast::breaker::Rule;
use steadfast::pool::{ErrorKind, Event, HostConfig, Observer, Pool, Request};
use steadfast::ratelimit::Quota;
use steadfast::testkit::{Matcher, Reply, Script, Server};

/// Tells what the pool does while it does it.
struct Narrator;

impl Observer for Narrator {
    fn on(&self, event: &Event<'_>) {
        let told = match event {
            Event::Retrying { what, delay, hinted, .. } => {
                let whose = if *hinted { "as the server asked" } else { "by the schedule" };
                format!("    {what}: again after {:.2} s, {whose}", delay.as_secs_f64())
            }
            Event::LimitWaited { delay, .. } if delay.as_millis() > 0 => {
                format!("    waited {:.2} s for the quota", delay.as_secs_f64())
            }
            Event::Breaker { transition, .. } => format!("    breaker: {:?} to {:?}", transition.from, transition.to),
            _ => return,
        };
        let _ = writeln!(io::stdout(), "{told}");
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout();
    // Busy twice with a word on when to come back, then fine; /broken fails for good.
    let busy = Reply::status(503).header("retry-after-ms", "100");
    let script = Script::new()
        .when(Matcher::new().path("/orders"), 2, busy)
        .whenever(Matcher::new().path("/broken"), Reply::status(500))
        .always(Reply::status(200).body("hello"));
    let server = Server::start(script).await?;

    let rule = Rule::new().failures(5).open_for(Duration::from_secs(30));
    let pool = Pool::builder().breaker(rule).observer(Arc::new(Narrator)).build()?;
    pool.configure_host("127.0.0.1", HostConfig::new().quota(Quota::per_second(20)?.burst(2)?))?;

    writeln!(out, "a busy server:")?;
    let response = pool.execute(Request::get(&format!("{}/orders", server.url()))?).await?;
    for attempt in response.attempts() {
        writeln!(out, "    {attempt}")?;
    }

    writeln!(out, "a host that keeps failing:")?;
    for call in 1..=4 {
        match pool.execute(Request::get(&format!("{}/broken", server.url()))?).await {
            Ok(response) => writeln!(out, "  call {call}: {}", response.status())?,
            Err(error) if error.kind() == ErrorKind::BreakerOpen => writeln!(out, "  call {call}: {error}")?,
            Err(error) => return Err(error.into()),
        }
    }

    let metrics = pool.metrics();
    writeln!(
        out,
        "{} calls, {} attempts, {} retries, {} breaker openings; the server saw {} requests",
        metrics.requests,
        metrics.attempts,
        metrics.retries,
        metrics.breaker_openings,
        server.seen().len()
    )?;
    Ok(())
}

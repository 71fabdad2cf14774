//! A streamed answer that comes although the first provider is overloaded: the second one takes over, unnoticed.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use steadfast::backoff::Policy;
use steadfast::pool::Pool;
use steadfast::providers::{Call, Client, Event, Provider, Router};
use steadfast::testkit::{LlmSim, Matcher, Reply, Script};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Two simulated providers; the OpenAI-shaped one has more work than it can do.
    let overloaded = Script::new().whenever(Matcher::new().provider("openai"), Reply::status(503));
    let sim = LlmSim::builder()
        .faults(overloaded)
        .answer("Bees beat their wings 230 times a second. The air that they push down holds them up.")
        .token_delay(Duration::from_millis(30))
        .start()
        .await?;

    // One pool: breakers, metrics and connections are shared.
    let pool = Pool::new()?;
    let first = Client::openai(pool.clone())
        .base_url(sim.openai_url())
        .model("large-1")
        .retry(Policy::production()) // waits of some 50, 100 and 200 ms
        .build()?;
    let second = Client::anthropic(pool.clone()).base_url(sim.anthropic_url()).model("sonorous-1").build()?;
    let router = Router::builder()
        .target(first)
        .target(second)
        .on_switch(|switch| {
            drop(writeln!(io::stdout(), "({} fails, asking {}: {})", switch.from, switch.to, switch.why))
        })
        .build()?;

    let mut out = io::stdout();
    let mut stream = router.stream(Call::new("What keeps bees in the air?").max_tokens(200)).await?;
    while let Some(event) = stream.next().await {
        match event? {
            Event::Text(text) => {
                write!(out, "{text}")?;
                out.flush()?;
            }
            Event::Finish(finish) => writeln!(out, "\n({finish})")?,
            _ => {}
        }
    }

    writeln!(out, "attempts:")?;
    for attempt in stream.attempts() {
        writeln!(out, "  {attempt}")?;
    }
    writeln!(out, "fallbacks: {}, retries: {}", stream.fallbacks(), pool.metrics().retries)?;
    Ok(())
}

//! Two simulated providers, of which the first is overloaded: the answer streams in from the second.

use std::io::Write;
use std::time::Duration;

use steadfast_providers::backoff::{Exponential, Policy};
use steadfast_providers::{Call, Client, Event, Provider, Router, pool::Pool};
use steadfast_testkit::{LlmSim, Matcher, Reply, Script};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let overloaded = Script::new().whenever(Matcher::new().provider("openai"), Reply::status(529));
    let sim = LlmSim::builder().faults(overloaded).token_delay(Duration::from_millis(20)).start().await?;

    // Quicker than the default, for an example that is watched.
    let schedule = Exponential::builder().base(Duration::from_millis(100)).build()?;
    let retry = Policy::new(schedule, 3)?;
    let pool = Pool::new()?;
    let gpt = Client::openai(pool.clone()).base_url(sim.openai_url()).model("gpt-5.4").retry(retry).build()?;
    let claude = Client::anthropic(pool).base_url(sim.anthropic_url()).model("claude-sonnet-4-5").build()?;
    let llm = Router::ordered([gpt, claude])?;

    let mut out = std::io::stdout();
    let mut stream = llm.stream(Call::new("Who answers?").system("Be brief.").max_tokens(200)).await?;
    while let Some(event) = stream.next().await {
        match event? {
            Event::Start { provider, model, .. } => writeln!(out, "{model} of {provider}:")?,
            Event::Text(text) => {
                write!(out, "{text}")?;
                out.flush()?;
            }
            Event::Usage(usage) if usage.output > 1 => write!(out, "\n{} tokens", usage.total())?,
            _ => {}
        }
    }
    writeln!(out, " after {} fallback; the attempts:", stream.fallbacks())?;
    for attempt in stream.attempts() {
        writeln!(out, "  {attempt}")?;
    }
    Ok(())
}

//! Questions that are asked once, however often: an answer from the cache, one call for many, and a report of it all.

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;

use steadfast::cache::MemoryCache;
use steadfast::pool::Pool;
use steadfast::providers::{Cached, Call, Client, Metered, Provider};
use steadfast::telemetry::CallReport;
use steadfast::testkit::LlmSim;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sim = LlmSim::builder().answer("They beat their wings 230 times a second.").start().await?;
    let pool = Pool::new()?;
    let gpt = Client::openai(pool.clone()).base_url(sim.openai_url()).model("large-1").build()?;
    // The cache around the provider, and the counting around both.
    let cached = Cached::builder(gpt, Arc::new(MemoryCache::new(1000)?)).registry(pool.registry()).build();
    let llm = Arc::new(Metered::new(cached, &pool));

    // Only answers that would come out again are kept: a temperature of 0 says so.
    let question = || Call::new("What keeps bees in the air?").temperature(0.0);
    let mut out = io::stdout();

    let callers: Vec<_> = (0..100).map(|_| tokio::spawn(llm.complete(question()))).collect();
    for caller in callers {
        caller.await??;
    }
    let again = llm.complete(question()).await?;
    let saved = again.cached.map_or(0, |hit| hit.tokens_saved);
    writeln!(out, "{} ({saved} tokens saved)\n", again.text())?;

    write!(out, "{}", CallReport::read(&pool.snapshot(), "llm", &[]))?;
    Ok(())
}

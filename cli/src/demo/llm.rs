//! The first act: answers from providers that are busy, slow to let us back in, and overloaded.

use std::io;
use std::sync::Arc;

use std::time::Duration;

use steadfast_clock::{Clock, TokioTimer};
use steadfast_pool::{Observer, Pool};
use steadfast_providers::{Call, Client, Event, Metered, Provider};
use steadfast_testkit::{LlmSim, Reply, Script};

use super::Stage;
use super::report::Llm;
use crate::chat;
use crate::exit::Failure;
use crate::say::Say;

/// What the simulated provider answers.
pub(super) const ANSWER: &str = "A steadfast client asks again when it makes sense, waits as long as it is told, turns \
to somebody else when it must, and never loses an answer on the way.";

/// How many questions there are for the overloaded provider. During the second one its breaker opens; for the last one it is
/// passed over.
pub(super) const OVERLOADED_QUESTIONS: u64 = 3;

pub(super) async fn run(stage: Stage, say: &Arc<Say>) -> Result<Llm, Failure> {
    let start_failed = |error: io::Error| Failure::work(format!("cannot start the simulated providers: {error}"));
    let busy = Script::new().then(Reply::status(503)).then(Reply::status(429).header("retry-after", "1"));
    let openai = LlmSim::builder()
        .faults(busy)
        .answer(ANSWER)
        .token_delay(Duration::from_millis(30))
        .start()
        .await
        .map_err(start_failed)?;
    let overloaded = Script::new().always(Reply::status(529));
    let anthropic = LlmSim::builder().faults(overloaded).start().await.map_err(start_failed)?;

    let observer: Arc<dyn Observer> = Arc::clone(say) as Arc<dyn Observer>;
    let pool = Pool::builder().observer(observer).build().map_err(|error| Failure::work(error.to_string()))?;
    let failed = |error: steadfast_providers::Error| Failure::work(error.to_string());
    let first: Arc<dyn Provider> =
        Arc::new(Client::openai(pool.clone()).base_url(openai.openai_url()).model("gpt-5.4").build().map_err(failed)?);
    let second: Arc<dyn Provider> = Arc::new(
        Client::anthropic(pool.clone())
            .base_url(anthropic.anthropic_url())
            .model("claude-sonnet-4-5")
            .build()
            .map_err(failed)?,
    );
    stage.line("1. A provider answers 503, then 429 with Retry-After: 1, then the question.\n")?;
    let asked = Metered::new(Arc::clone(&first), &pool);
    let answer = show(&asked, "What does a steadfast client do?", stage).await?;

    stage.line("\n2. An overloaded provider (529) gives way to its fallback; when it goes on, its breaker opens,\n   and it is passed over.\n")?;
    let chain = Metered::new(chat::in_order(vec![second, first], say)?, &pool);
    for _ in 0..OVERLOADED_QUESTIONS {
        let clock = TokioTimer::new();
        let started = clock.now();
        let reply = chain.complete(Call::new("And when nobody is there?")).await.map_err(failed)?;
        stage.line(&format!(
            "   answered by {} after {} attempt{}, {:.1} s",
            reply.provider,
            reply.attempts.len(),
            if reply.attempts.len() == 1 { "" } else { "s" },
            clock.now().since(started).as_secs_f64()
        ))?;
    }

    Ok(Llm::read(&pool.snapshot(), answer))
}

/// Asks, and shows the answer as it comes.
async fn show(provider: &dyn Provider, question: &str, stage: Stage) -> Result<String, Failure> {
    let failed = |error: steadfast_providers::Error| Failure::work(error.to_string());
    let mut stream = provider.stream(Call::new(question)).await.map_err(failed)?;
    let mut answer = String::new();
    stage.write("   ")?;
    while let Some(event) = stream.next().await {
        if let Event::Text(text) = event.map_err(failed)? {
            stage.write(&text)?;
            answer += &text;
        }
    }
    stage.line("")?;
    Ok(answer)
}

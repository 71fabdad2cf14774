//! A flaky call under the five primitives, put together by hand; for HTTP, `pool` has done that already.

use std::error::Error;
use std::io::{self, Write};

use steadfast::backoff::{Driver, Policy, Verdict};
use steadfast::breaker::{CircuitBreaker, Rule};
use steadfast::cache::{CacheKey, Entry, MemoryCache};
use steadfast::clock::{System, TokioTimer, Wall};
use steadfast::ratelimit::{Quota, RateLimiter};
use steadfast::telemetry::{Key, Recorder, Registry};

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let (clock, timer) = (System::new(), TokioTimer::new());
    let cache = MemoryCache::new(1000)?;
    let limiter = RateLimiter::new(Quota::per_second(50)?);
    let breaker = CircuitBreaker::new(Rule::new())?;
    let registry = Registry::new();
    let attempts = registry.counter(&Key::new("attempts"));
    let latency = registry.histogram(&Key::new("latency"));
    let policy = Policy::production();

    // One attempt: how often, whether at all, what happened.
    let attempt = |number| {
        let (limiter, breaker, attempts, latency) = (&limiter, &breaker, &attempts, &latency);
        let (clock, timer) = (&clock, &timer);
        async move {
            limiter.acquire(1, None, timer).await?;
            let permit = breaker.permit(clock)?;
            attempts.inc();
            let _timed = latency.start(clock);
            let answer = ask(number).await;
            match &answer {
                Ok(_) => permit.success(),
                Err(_) => permit.failure(),
            }
            Ok::<_, Failure>(answer?)
        }
    };

    let key = CacheKey::from_bytes([7; 32]); // a digest of the question
    let mut out = io::stdout();
    for question in 1..=2 {
        let answer = match cache.get(&key) {
            Some(entry) => entry.value().clone(),
            None => {
                let done = Driver::new(&policy, &timer)
                    .on_retry(|retrying| drop(writeln!(io::stdout(), "  {retrying}")))
                    .run(attempt, |result| if result.is_ok() { Verdict::Done } else { Verdict::retry() })
                    .await
                    .map_err(|failed| failed.error)?;
                cache.put(key, Entry::new(done.value, clock.wall()));
                done.value.into()
            }
        };
        writeln!(out, "question {question}: {}", String::from_utf8_lossy(&answer))?;
    }
    writeln!(out, "attempts: {}, answers from the cache: {}", attempts.get(), cache.stats().hits)?;
    Ok(())
}

/// Refuses twice, then answers.
async fn ask(attempt: u32) -> Result<&'static str, &'static str> {
    if attempt <= 2 { Err("connection refused") } else { Ok("pong") }
}

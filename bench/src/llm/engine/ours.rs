//! Ours, with everything on: limiter, breaker, retries, the ledger of attempts, figures.

use std::sync::Arc;

use steadfast_pool::{Pool, PoolConfig};
use steadfast_providers::{ApiKey, Call, Client, Event, Metered, Provider};

use super::{Client as Asks, KEY, MODEL, MOST, QUESTION, SYSTEM};
use crate::http::engine::everything;
use crate::llm::tape::Api;

/// A provider, asked what everybody asks.
#[derive(Clone)]
pub(in crate::llm) struct Ours {
    provider: Arc<dyn Provider>,
    call: Call,
}

impl Ours {
    pub(in crate::llm) fn new(config: PoolConfig, api: Api, base: &str) -> Self {
        Self { provider: provider(&pool(config), api, base), call: call() }
    }
}

/// A pool with a quota that nobody reaches, and its breakers.
pub(in crate::llm) fn pool(config: PoolConfig) -> Pool {
    let pool = Pool::builder().config(config).build().expect("settings that work");
    pool.configure_host("127.0.0.1", everything()).expect("settings that work");
    pool
}

/// A provider at `base` that speaks `api`, whose calls are counted.
pub(in crate::llm) fn provider(pool: &Pool, api: Api, base: &str) -> Arc<dyn Provider> {
    let builder = match api {
        Api::Chat => Client::openai(pool.clone()),
        Api::Messages => Client::anthropic(pool.clone()),
    };
    let client = builder.base_url(base).api_key(ApiKey::new(KEY)).model(MODEL).build().expect("settings that work");
    Arc::new(Metered::new(client, pool))
}

/// What is asked.
pub(in crate::llm) fn call() -> Call {
    Call::new(QUESTION).system(SYSTEM).max_tokens(MOST)
}

impl Asks for Ours {
    async fn whole(&self) -> usize {
        self.provider.complete(self.call.clone()).await.expect("an answer").text().len()
    }

    async fn streamed(&self) -> usize {
        let mut events = self.provider.stream(self.call.clone()).await.expect("an answer");
        let mut pieces = 0;
        while let Some(event) = events.next().await {
            pieces += usize::from(matches!(event.expect("events"), Event::Text(_)));
        }
        pieces
    }
}

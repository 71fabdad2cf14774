//! Ours, with everything on: limiter, breaker, retries, figures.

use std::sync::Arc;

use http::header;
use steadfast_breaker::Rule;
use steadfast_pool::{HostConfig, Pool, PoolConfig, Request, Transport};
use steadfast_ratelimit::Quota;

use super::{Ask, Engine, JSON};
use crate::http::server::ANSWER;

/// A pool.
#[derive(Clone)]
pub(crate) struct Pooled {
    ask: Ask,
    pool: Pool,
}

impl Pooled {
    /// On `transport`.
    pub(crate) fn on(transport: Arc<dyn Transport>, ask: &Ask) -> Self {
        Self::of(&Pool::builder().transport(transport).build().expect("settings that work"), ask)
    }

    /// On the transport that it has unless another is given.
    pub(crate) fn with(config: PoolConfig, ask: &Ask) -> Self {
        Self::of(&Pool::builder().config(config).build().expect("settings that work"), ask)
    }

    fn of(pool: &Pool, ask: &Ask) -> Self {
        pool.configure_host(ask.url.host_str().expect("a host"), everything()).expect("settings that work");
        Self { ask: ask.clone(), pool: pool.clone() }
    }
}

/// A quota that nobody reaches, and the breaker that every host has.
pub(crate) fn everything() -> HostConfig {
    let quota = Quota::per_second(1_000_000_000).and_then(|quota| quota.burst(1_000_000_000));
    HostConfig::new().quota(quota.expect("a quota that works")).breaker(Rule::default())
}

impl Engine for Pooled {
    async fn exchange(&mut self) {
        let mut request = Request::to(self.ask.method.clone(), self.ask.url.clone()).expect("a request");
        if let Some(body) = self.ask.body() {
            request = request.header(header::CONTENT_TYPE, JSON).body(body);
        }
        let answer = self.pool.execute(request).await.expect("an answer");
        assert_eq!(answer.body().len(), ANSWER.len());
    }
}

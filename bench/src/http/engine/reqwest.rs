//! reqwest, alone and with the middleware that retries.

use http::header;
use reqwest::Client;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;

use super::{Ask, Engine, JSON};
use crate::http::server::ANSWER;

/// A client with the settings that it has. Variables of the environment that name proxies are not looked at, as ours
/// does not for loopback addresses.
pub(crate) fn plain_client() -> Client {
    // No other provider was chosen before, or it was this one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().expect("settings that work")
}

/// reqwest alone.
#[derive(Clone)]
pub(crate) struct Plain {
    ask: Ask,
    client: Client,
}

impl Plain {
    pub(crate) fn new(ask: &Ask) -> Self {
        Self { ask: ask.clone(), client: plain_client() }
    }
}

impl Engine for Plain {
    async fn exchange(&mut self) {
        let mut request = self.client.request(self.ask.method.clone(), self.ask.url.clone());
        if let Some(body) = self.ask.body() {
            request = request.header(header::CONTENT_TYPE, JSON).body(body);
        }
        let body = request.send().await.expect("an answer").bytes().await.expect("a whole answer");
        assert_eq!(body.len(), ANSWER.len());
    }
}

/// reqwest with three retries.
#[derive(Clone)]
pub(crate) struct Retrying {
    ask: Ask,
    client: ClientWithMiddleware,
}

impl Retrying {
    pub(crate) fn new(ask: &Ask) -> Self {
        let policy = ExponentialBackoff::builder().build_with_max_retries(3);
        let retrying = RetryTransientMiddleware::new_with_policy(policy);
        Self { ask: ask.clone(), client: ClientBuilder::new(plain_client()).with(retrying).build() }
    }
}

impl Engine for Retrying {
    async fn exchange(&mut self) {
        let mut request = self.client.request(self.ask.method.clone(), self.ask.url.clone());
        if let Some(body) = self.ask.body() {
            request = request.header(header::CONTENT_TYPE, JSON).body(body);
        }
        let body = request.send().await.expect("an answer").bytes().await.expect("a whole answer");
        assert_eq!(body.len(), ANSWER.len());
    }
}

//! Who asks: one exchange through each client, from a URL that was parsed before to the last byte of the answer.

mod bare;
mod hyper;
mod pool;
mod reqwest;

use std::future::Future;

use ::http::{HeaderValue, Method};
use url::Url;

pub(super) use bare::Bare;
pub(super) use hyper::{Connection, Legacy};
pub(super) use pool::Pooled;
pub(crate) use pool::everything;
pub(crate) use reqwest::plain_client;
pub(super) use reqwest::{Plain, Retrying};

/// A client, or one worker's handle of it.
pub(crate) trait Engine: Send + 'static {
    /// Asks, and takes in the whole answer.
    fn exchange(&mut self) -> impl Future<Output = ()> + Send;
}

/// What is asked for.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) url: Url,
}

impl Ask {
    pub(super) fn get(url: &str) -> Self {
        Self { method: Method::GET, url: url.parse().expect("a URL") }
    }

    pub(super) fn post(url: &str) -> Self {
        Self { method: Method::POST, ..Self::get(url) }
    }

    /// The body that goes out, with the type [`JSON`].
    fn body(&self) -> Option<&'static str> {
        (self.method == Method::POST).then_some(QUESTION)
    }
}

/// What is sent where something is.
const QUESTION: &str = r#"{"model":"some-model-of-the-day","messages":[{"role":"system","content":"Answer in a few words."},{"role":"user","content":"What is there to be said about it?"}],"max_tokens":64,"temperature":0.2,"stream":false}"#;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

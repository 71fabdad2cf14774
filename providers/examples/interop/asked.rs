//! One question, and what came of it in one word.

use std::error::Error as StdError;
use std::time::Duration;

use serde::Deserialize;
use steadfast_providers::pool::{Pool, Timeouts};
use steadfast_providers::{ApiKey, Call, Client, Error, Provider, StreamTimeouts};

/// Whom to ask, and how.
#[derive(Debug, Deserialize)]
pub(crate) struct Ask {
    api: Api,
    stream: bool,
    /// Where the API is, without a path.
    url: String,
    #[serde(default = "hello")]
    prompt: String,
    /// How often the same client asks; what came of the last one counts.
    #[serde(default = "once")]
    times: u32,
}

/// Which API.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Api {
    Chat,
    Responses,
    Messages,
}

/// How long anything may take. The other clients of the comparison have the same limit.
const LIMIT: Duration = Duration::from_millis(500);

fn hello() -> String {
    "hello".to_owned()
}

fn once() -> u32 {
    1
}

impl Ask {
    /// `ok`, `ok, empty` for an answer without a word, or the kind of error.
    pub(crate) async fn outcome(&self) -> Result<String, Box<dyn StdError>> {
        let client = client(self.api, &self.url)?;
        let mut outcome = String::new();
        for _ in 0..self.times {
            outcome = match self.answer(&client).await {
                Ok(text) if text.is_empty() => "ok, empty".to_owned(),
                Ok(_) => "ok".to_owned(),
                Err(error) => error.kind().as_str().to_owned(),
            };
        }
        Ok(outcome)
    }

    async fn answer(&self, client: &Client) -> Result<String, Error> {
        let call = Call::new(self.prompt.as_str()).max_tokens(1024);
        let reply =
            if self.stream { client.stream(call).await?.collect().await? } else { client.complete(call).await? };
        Ok(reply.text().into_owned())
    }
}

/// A client as it comes, but for its patience.
pub(crate) fn client(api: Api, url: &str) -> Result<Client, Box<dyn StdError>> {
    let (pool, key) = (Pool::new()?, ApiKey::new("sk-interop"));
    let plain = Timeouts::default().header(LIMIT).stall(LIMIT);
    let streamed = StreamTimeouts::new().header(LIMIT).first_token(LIMIT).next_event(LIMIT);
    let builder = match api {
        Api::Chat => Client::openai(pool).base_url(format!("{url}/v1")).model("gpt-5.4"),
        Api::Responses => Client::responses(pool).base_url(format!("{url}/v1")).model("gpt-5.4"),
        Api::Messages => Client::anthropic(pool).base_url(url).model("claude-sonnet-4-5"),
    };
    Ok(builder.api_key(key).timeouts(plain).stream_timeouts(streamed).build()?)
}

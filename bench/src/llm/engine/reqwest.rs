//! reqwest, and what its users read events with.

use std::marker::PhantomData;

use eventsource_stream::Eventsource as _;
use futures_util::StreamExt;
use http::header;
use reqwest::{Client as Reqwest, Response};
use sseer::EventStream;
use url::Url;

use super::typed::Chat;
use super::{BODY, Client, KEY, Reading};
use crate::http::engine::plain_client;
use crate::llm::tape::Api;

/// reqwest alone, and what is done with the bytes it brings.
pub(in crate::llm) struct Plain<R> {
    asking: Asking,
    api: Api,
    reading: PhantomData<fn() -> R>,
}

/// reqwest with `eventsource-stream`, and typed chunks.
#[derive(Clone)]
pub(in crate::llm) struct Eventsource(Asking);

/// reqwest with `sseer`, and typed chunks.
#[derive(Clone)]
pub(in crate::llm) struct Sseer(Asking);

#[derive(Clone)]
struct Asking {
    client: Reqwest,
    url: Url,
}

impl Asking {
    fn new(api: Api, base: &str) -> Self {
        Self { client: plain_client(), url: format!("{base}{}", api.path()).parse().expect("a URL") }
    }

    async fn asked(&self) -> Response {
        let request = self.client.post(self.url.clone()).header(header::CONTENT_TYPE, "application/json");
        request.header(header::AUTHORIZATION, KEY).body(BODY).send().await.expect("an answer")
    }
}

impl<R> Plain<R> {
    pub(in crate::llm) fn new(api: Api, base: &str) -> Self {
        Self { asking: Asking::new(api, base), api, reading: PhantomData }
    }
}

impl<R> Clone for Plain<R> {
    fn clone(&self) -> Self {
        Self { asking: self.asking.clone(), api: self.api, reading: PhantomData }
    }
}

impl<R: Reading> Client for Plain<R> {
    async fn whole(&self) -> usize {
        R::whole(self.api, &self.asking.asked().await.bytes().await.expect("a whole answer"))
    }

    async fn streamed(&self) -> usize {
        let (mut answer, mut reading) = (self.asking.asked().await, R::new(self.api));
        while let Some(bytes) = answer.chunk().await.expect("a whole answer") {
            reading.feed(&bytes);
        }
        reading.pieces()
    }
}

impl Eventsource {
    pub(in crate::llm) fn new(api: Api, base: &str) -> Self {
        Self(Asking::new(api, base))
    }
}

impl Sseer {
    pub(in crate::llm) fn new(api: Api, base: &str) -> Self {
        Self(Asking::new(api, base))
    }
}

impl Client for Eventsource {
    async fn whole(&self) -> usize {
        unreachable!("events are what it is for")
    }

    async fn streamed(&self) -> usize {
        let mut events = self.0.asked().await.bytes_stream().eventsource();
        let mut pieces = 0;
        while let Some(event) = events.next().await {
            pieces += written(&event.expect("events").data);
        }
        pieces
    }
}

impl Client for Sseer {
    async fn whole(&self) -> usize {
        unreachable!("events are what it is for")
    }

    async fn streamed(&self) -> usize {
        let mut events = EventStream::new(self.0.asked().await.bytes_stream());
        let mut pieces = 0;
        while let Some(event) = events.next().await {
            pieces += written(&event.expect("events").data);
        }
        pieces
    }
}

/// How many pieces of text a chunk has.
fn written(data: &str) -> usize {
    if data == "[DONE]" {
        return 0;
    }
    let chunk: Chat<'_> = serde_json::from_str(data).expect("a chunk");
    let texts = chunk.choices.iter().filter_map(|choice| choice.message.content.as_ref());
    texts.filter(|text| !text.0.is_empty()).count()
}

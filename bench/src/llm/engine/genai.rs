//! `genai`.

use futures_util::StreamExt;
use genai::adapter::AdapterKind;
use genai::chat::{ChatMessage, ChatOptions, ChatRequest, ChatStreamEvent};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client as Genius, ModelIden, ServiceTarget};

use super::{Client, KEY, MODEL, MOST, QUESTION, SYSTEM};
use crate::http::engine::plain_client;

/// Its client, and its request.
#[derive(Clone)]
pub(in crate::llm) struct Genai {
    client: Genius,
    target: ServiceTarget,
    request: ChatRequest,
    options: ChatOptions,
}

impl Genai {
    pub(in crate::llm) fn new(base: &str) -> Self {
        let target = ServiceTarget {
            endpoint: Endpoint::from_owned(format!("{base}/")),
            auth: AuthData::from_single(KEY),
            model: ModelIden::new(AdapterKind::OpenAI, MODEL),
        };
        let client = Genius::builder().with_reqwest(plain_client()).build().expect("settings that work");
        let request = ChatRequest::new(vec![ChatMessage::user(QUESTION)]).with_system(SYSTEM);
        Self { client, target, request, options: ChatOptions::default().with_max_tokens(MOST) }
    }
}

impl Client for Genai {
    async fn whole(&self) -> usize {
        let asked = self.client.exec_chat(self.target.clone(), self.request.clone(), Some(&self.options));
        asked.await.expect("an answer").first_text().map_or(0, str::len)
    }

    async fn streamed(&self) -> usize {
        let asked = self.client.exec_chat_stream(self.target.clone(), self.request.clone(), Some(&self.options));
        let mut events = asked.await.expect("an answer").stream;
        let mut pieces = 0;
        while let Some(event) = events.next().await {
            pieces += match event.expect("events") {
                ChatStreamEvent::Chunk(chunk) => usize::from(!chunk.content.is_empty()),
                _ => 0,
            };
        }
        pieces
    }
}

//! `async-openai`.

use async_openai::Client as Openai;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage, CreateChatCompletionRequest,
    CreateChatCompletionRequestArgs,
};
use futures_util::StreamExt;

use super::{Client, KEY, MODEL, MOST, QUESTION, SYSTEM};
use crate::http::engine::plain_client;

/// Its client, and its request.
#[derive(Clone)]
pub(in crate::llm) struct AsyncOpenai {
    client: Openai<OpenAIConfig>,
    request: CreateChatCompletionRequest,
}

impl AsyncOpenai {
    pub(in crate::llm) fn new(base: &str) -> Self {
        let config = OpenAIConfig::new().with_api_base(base).with_api_key(KEY);
        let client = Openai::build(plain_client(), config);
        let (system, user) =
            (ChatCompletionRequestSystemMessage::from(SYSTEM), ChatCompletionRequestUserMessage::from(QUESTION));
        let request = CreateChatCompletionRequestArgs::default()
            .model(MODEL)
            .max_completion_tokens(MOST)
            .messages([system.into(), user.into()])
            .build()
            .expect("a request");
        Self { client, request }
    }

    /// Asks for a streamed answer, and returns when the first piece of its text is there.
    pub(in crate::llm) async fn begun(&self) -> async_openai::types::chat::ChatCompletionResponseStream {
        let mut chunks = self.client.chat().create_stream(self.request.clone()).await.expect("an answer");
        while let Some(chunk) = chunks.next().await {
            let written = chunk.expect("chunks").choices.into_iter().filter_map(|choice| choice.delta.content);
            if written.into_iter().any(|text| !text.is_empty()) {
                break;
            }
        }
        chunks
    }
}

impl Client for AsyncOpenai {
    async fn whole(&self) -> usize {
        let answer = self.client.chat().create(self.request.clone()).await.expect("an answer");
        answer.choices[0].message.content.as_ref().map_or(0, String::len)
    }

    async fn streamed(&self) -> usize {
        let mut chunks = self.client.chat().create_stream(self.request.clone()).await.expect("an answer");
        let mut pieces = 0;
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.expect("chunks");
            let texts = chunk.choices.iter().filter_map(|choice| choice.delta.content.as_ref());
            pieces += texts.filter(|text| !text.is_empty()).count();
        }
        pieces
    }
}

//! `liter-llm`, without layers.

use std::sync::Arc;

use futures_util::StreamExt;
use liter_llm::{
    ChatCompletionRequest, ClientConfigBuilder, DefaultClient, LlmClient, Message, SystemMessage, UserContent,
    UserMessage,
};

use super::{Client, KEY, MODEL, MOST, QUESTION, SYSTEM};

/// Its client, and its request.
#[derive(Clone)]
pub(in crate::llm) struct Liter {
    client: Arc<DefaultClient>,
    request: ChatCompletionRequest,
}

impl Liter {
    pub(in crate::llm) fn new(base: &str) -> Self {
        let model = format!("openai/{MODEL}");
        let config = ClientConfigBuilder::new(KEY).base_url(base).build();
        let client = DefaultClient::new(config, Some(&model)).expect("settings that work");
        let system = SystemMessage { content: SYSTEM.into(), name: None };
        let user = UserMessage { content: UserContent::Text(QUESTION.into()), name: None };
        let messages = vec![Message::System(system), Message::User(user)];
        let request =
            ChatCompletionRequest { model, messages, max_completion_tokens: Some(MOST.into()), ..Default::default() };
        Self { client: Arc::new(client), request }
    }
}

impl Client for Liter {
    async fn whole(&self) -> usize {
        let answer = self.client.chat(self.request.clone()).await.expect("an answer");
        let text = answer.choices[0].message.content.as_ref().and_then(|content| content.as_text());
        text.as_ref().map_or(0, |text| text.len())
    }

    async fn streamed(&self) -> usize {
        let mut chunks = self.client.chat_stream(self.request.clone()).await.expect("an answer");
        let mut pieces = 0;
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.expect("chunks");
            let texts = chunk.choices.iter().filter_map(|choice| choice.delta.content.as_ref());
            pieces += texts.filter(|text| !text.is_empty()).count();
        }
        pieces
    }
}

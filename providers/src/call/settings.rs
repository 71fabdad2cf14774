//! What a call may ask for beside its messages. Where an API has no such thing, it is left out, unless the answer would be
//! another one: then the call is refused before it is sent.

use std::sync::Arc;

use serde_json::Value;

use super::Call;
use crate::options::Options;
use crate::{Effort, OutputFormat, PromptCache, Thinking, Tool, ToolChoice};

impl Call {
    fn set(mut self, set: impl FnOnce(&mut Options)) -> Self {
        set(Arc::make_mut(&mut self.options));
        self
    }

    /// Ends the answer after so many tokens.
    pub fn max_tokens(self, tokens: u32) -> Self {
        self.set(|options| options.max_tokens = Some(tokens))
    }

    /// How freely the model chooses its words: 0.0 ..= 2.0 at OpenAI, 0.0 ..= 1.0 at Anthropic; some models take none.
    pub fn temperature(self, temperature: f64) -> Self {
        self.set(|options| options.temperature = Some(temperature))
    }

    /// From how much of the probability the model chooses its words: 0.0 ..= 1.0; some models take none.
    pub fn top_p(self, top_p: f64) -> Self {
        self.set(|options| options.top_p = Some(top_p))
    }

    /// From how many words the model chooses. OpenAI has no such thing.
    pub fn top_k(self, top_k: u32) -> Self {
        self.set(|options| options.top_k = Some(top_k))
    }

    /// How much the model avoids words that it has used often: -2.0 ..= 2.0. Anthropic has no such thing.
    pub fn frequency_penalty(self, penalty: f64) -> Self {
        self.set(|options| options.frequency_penalty = Some(penalty))
    }

    /// How much the model avoids words that it has used at all: -2.0 ..= 2.0. Anthropic has no such thing.
    pub fn presence_penalty(self, penalty: f64) -> Self {
        self.set(|options| options.presence_penalty = Some(penalty))
    }

    /// Asks for the same answer to the same question, as far as the provider can. Anthropic has no such thing.
    pub fn seed(self, seed: i64) -> Self {
        self.set(|options| options.seed = Some(seed))
    }

    /// Ends the answer before this text. May be called several times.
    pub fn stop(self, text: impl Into<String>) -> Self {
        self.set(|options| options.stop.push(text.into()))
    }

    /// Lets the model call this tool. May be called several times.
    pub fn tool(self, tool: Tool) -> Self {
        self.set(|options| options.tools.push(tool))
    }

    /// Says which tools the model has to call.
    pub fn tool_choice(self, choice: ToolChoice) -> Self {
        self.set(|options| options.tool_choice = Some(choice))
    }

    /// Whether the model may call several tools at once.
    pub fn parallel_tools(self, parallel: bool) -> Self {
        self.set(|options| options.parallel_tools = Some(parallel))
    }

    /// Sets the form that the answer has to have.
    pub fn format(self, format: OutputFormat) -> Self {
        self.set(|options| options.format = format)
    }

    /// How hard the model tries.
    pub fn effort(self, effort: Effort) -> Self {
        self.set(|options| options.effort = Some(effort))
    }

    /// Whether the model thinks aloud before it answers. Chat Completions has no such thing, and is not told: there it is
    /// the [`effort`](Self::effort) that counts.
    pub fn thinking(self, thinking: Thinking) -> Self {
        self.set(|options| options.thinking = Some(thinking))
    }

    /// Tells the provider's own prompt cache about the conversation so far.
    pub fn prompt_cache(self, cache: PromptCache) -> Self {
        self.set(|options| options.prompt_cache = Some(cache))
    }

    /// How soon the answer is wanted, in the provider's own word: `flex`, `priority`, `standard_only`, …
    pub fn service_tier(self, tier: impl Into<String>) -> Self {
        self.set(|options| options.service_tier = Some(tier.into()))
    }

    /// Who asks, as a name that means nothing to the provider: it helps to tell who misuses the account.
    pub fn user(self, user: impl Into<String>) -> Self {
        self.set(|options| options.user = Some(user.into()))
    }

    /// A label that the provider keeps with the call. May be called several times. Anthropic has no such thing.
    pub fn metadata(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.set(|options| drop(options.metadata.insert(name.into(), value.into())))
    }

    /// Goes on from the answer of this id, which the provider keeps (Responses' `previous_response_id`): the messages are
    /// what is new.
    pub fn previous(self, id: impl Into<String>) -> Self {
        self.set(|options| options.previous = Some(id.into()))
    }

    /// Has the provider go on even if the connection is lost, so that a stream can be taken up again (Responses'
    /// `background`).
    pub fn background(self, background: bool) -> Self {
        self.set(|options| options.background = background)
    }

    /// Has an answer in the background called off when the future or the stream is dropped before it is complete, by a
    /// request that a task of the runtime sends. Without this the provider goes on, and the answer can be looked for.
    pub fn cancel_on_drop(self, cancel: bool) -> Self {
        self.set(|options| options.cancel_on_drop = cancel)
    }

    /// Whether the provider keeps the answer for later.
    pub fn store(self, store: bool) -> Self {
        self.set(|options| options.store = Some(store))
    }

    /// Asks for something that the provider has not released yet (Anthropic's `anthropic-beta`). May be called several
    /// times.
    pub fn beta(self, name: impl Into<String>) -> Self {
        self.set(|options| options.betas.push(name.into()))
    }

    /// Adds a field to the body of the request, whoever is asked. It goes as it is, and replaces what would be there.
    pub fn extra(self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set(|options| drop(options.extra.insert(name.into(), value.into())))
    }

    /// Adds a field to the body of the request where the provider of this name is asked.
    pub fn extra_for(self, provider: impl Into<String>, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set(|options| {
            options.extra_for.entry(provider.into()).or_default().insert(name.into(), value.into());
        })
    }
}

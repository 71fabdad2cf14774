//! What is asked, and how it wants to be treated.

use std::fmt;
use std::sync::Arc;

use steadfast_pool::{CallContext, Observer};

use crate::{Message, Role};

/// One question to a provider, or to a router over several. Clones share the conversation.
///
/// What a call does not say is left to the provider's client, and then to the provider.
///
/// ```
/// use steadfast_providers::Call;
///
/// let call = Call::new("What keeps bees in the air?").system("Answer in one sentence.").max_tokens(200);
/// assert!(!format!("{call:?}").contains("bees"));
/// ```
#[derive(Clone)]
#[must_use]
pub struct Call {
    pub(crate) messages: Arc<Vec<Message>>,
    pub(crate) system: Option<Arc<str>>,
    pub(crate) model: Option<Arc<str>>,
    pub(crate) max_tokens: Option<u32>,
    pub(crate) temperature: Option<f64>,
    pub(crate) stop: Arc<Vec<String>>,
    pub(crate) context: CallContext,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

impl Call {
    /// A single question.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self::of([Message::new(Role::User, prompt)])
    }

    /// A conversation, oldest message first.
    pub fn of(messages: impl IntoIterator<Item = Message>) -> Self {
        Self {
            messages: Arc::new(messages.into_iter().collect()),
            system: None,
            model: None,
            max_tokens: None,
            temperature: None,
            stop: Arc::default(),
            context: CallContext::new(),
            observer: None,
        }
    }

    /// Adds a message at the end of the conversation.
    pub fn message(mut self, message: Message) -> Self {
        Arc::make_mut(&mut self.messages).push(message);
        self
    }

    /// Says how the model should behave, ahead of the conversation.
    pub fn system(mut self, text: impl Into<Arc<str>>) -> Self {
        self.system = Some(text.into());
        self
    }

    /// Asks this model instead of the client's own. A router passes it to the first of its providers alone: a name means
    /// nothing to the others.
    pub fn model(mut self, model: impl Into<Arc<str>>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Ends the answer after so many tokens.
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// How freely the model chooses its words: 0.0 ..= 2.0 at OpenAI, 0.0 ..= 1.0 at Anthropic; some models take none.
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Ends the answer before this text. May be called several times.
    pub fn stop(mut self, text: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.stop).push(text.into());
        self
    }

    /// Sets what the call inherits from its caller: deadline, retry budget, leave to resend.
    ///
    /// The deadline spans all attempts, waits and providers. A context that leaves resending to the method gets
    /// [`Resend::Stale`](steadfast_pool::Resend::Stale): a question that met a connection which had died while idle is
    /// asked once more.
    pub fn context(mut self, context: CallContext) -> Self {
        self.context = context;
        self
    }

    /// Tells `observer` about the attempts of this call.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Everything in it that must not be told.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let messages = self.messages.iter().map(|message| message.text.as_str());
        messages.chain(self.system.as_deref()).chain(self.stop.iter().map(String::as_str))
    }
}

impl fmt::Debug for Call {
    /// Tells the shape and never the contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("messages", &self.messages)
            .field("system_len", &self.system.as_ref().map(|text| text.len()))
            .field("model", &self.model)
            .field("max_tokens", &self.max_tokens)
            .field("temperature", &self.temperature)
            .field("stop", &self.stop.len())
            .field("context", &self.context)
            .field("observer", &self.observer.is_some())
            .finish()
    }
}

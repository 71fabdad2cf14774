//! What is asked, and how it wants to be treated.

mod settings;

use std::fmt;
use std::sync::Arc;

use steadfast_pool::{CallContext, Observer};

use crate::options::Options;
use crate::{CacheTtl, Message, Part, Role};

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
    pub(crate) options: Arc<Options>,
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
            options: Arc::default(),
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

    /// The conversation so far.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Whether the provider's prompt cache is asked to keep something for long.
    pub(crate) fn keeps_cache_long(&self) -> bool {
        let whole = self.options.prompt_cache.as_ref().is_some_and(|cache| cache.ttl == CacheTtl::Long);
        whole
            || self
                .messages
                .iter()
                .flat_map(|message| &message.parts)
                .any(|part| *part == Part::CachePoint(CacheTtl::Long))
    }

    /// Everything in it that must not be told.
    pub(crate) fn texts(&self) -> Vec<&str> {
        let mut texts: Vec<&str> = self.system.as_deref().into_iter().collect();
        let mut tell = |text| texts.push(text);
        self.messages.iter().flat_map(|message| &message.parts).for_each(|part| part.contents(&mut tell));
        self.options.tools.iter().for_each(|tool| tool.contents(&mut tell));
        self.options.stop.iter().for_each(|text| tell(text));
        self.options.user.as_deref().into_iter().for_each(&mut tell);
        self.options.metadata.values().for_each(|text| tell(text));
        self.options.extra.values().for_each(|value| crate::part::strings(value, &mut tell));
        self.options.extra_for.values().flat_map(|extra| extra.values()).for_each(|value| {
            crate::part::strings(value, &mut tell);
        });
        texts
    }
}

impl fmt::Debug for Call {
    /// Tells the shape and never the contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &*self.options;
        f.debug_struct("Call")
            .field("messages", &self.messages)
            .field("system_len", &self.system.as_ref().map(|text| text.len()))
            .field("model", &self.model)
            .field("max_tokens", &options.max_tokens)
            .field("temperature", &options.temperature)
            .field("stop", &options.stop.len())
            .field("tools", &options.tools)
            .field("format", &options.format)
            .field("context", &self.context)
            .field("observer", &self.observer.is_some())
            .finish_non_exhaustive()
    }
}

//! A conversation that goes on: all that was said, and as much of it as fits into a call.

mod estimate;
mod fit;
mod saved;

use std::fmt;
use std::sync::Arc;

use crate::{Call, Message, Reply};

pub use estimate::{RoughTokens, TokenEstimator};

/// A conversation that goes on. Its `Debug` tells the shape and never the contents.
///
/// With a [budget](Self::budget), calls get what fits: the oldest turns are left out first, whole. A turn begins with what
/// the user says and ends before the user says something else. Within the last turn, which may be long when the model calls
/// many tools, the oldest steps are left out. These always stay: what the system says, what the user said last, and the
/// newest message. A call of a tool and its result stay together, or are left out together.
///
/// What is left out of calls is still in the history, until it is [trimmed](Self::trim).
///
/// ```
/// use steadfast_providers::{History, Message};
///
/// let mut history = History::new().budget(30);
/// history.push(Message::system("Answer in one sentence."));
/// for question in ["What keeps bees in the air?", "And bumblebees?", "And helicopters?"] {
///     history.push(Message::user(question));
///     history.push(Message::assistant("Their wings."));
/// }
/// let fitting = history.fitting();
/// assert_eq!((fitting.messages.len(), fitting.dropped), (3, 4));
/// assert_eq!(fitting.messages[1].text(), "And helicopters?");
/// assert_eq!(history.messages().len(), 7);
/// ```
#[derive(Clone)]
#[must_use]
pub struct History {
    messages: Vec<Message>,
    budget: Option<u64>,
    estimator: Arc<dyn TokenEstimator>,
}

/// As much of a conversation as fits.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Fitting {
    /// What is left, oldest first.
    pub messages: Vec<Message>,
    /// How many messages were left out.
    pub dropped: usize,
    /// About how many tokens are left.
    pub tokens: u64,
    /// Whether that is within the budget. It is not when what has to stay is more than it.
    pub fits: bool,
}

impl History {
    /// Nothing was said so far.
    pub fn new() -> Self {
        Self::of([])
    }

    /// A conversation so far, oldest message first.
    pub fn of(messages: impl IntoIterator<Item = Message>) -> Self {
        Self { messages: messages.into_iter().collect(), budget: None, estimator: Arc::new(RoughTokens) }
    }

    /// Sets about how many tokens of the conversation a call gets; the default is no limit. The answer, the tools, and the
    /// call's own system text need room beside it.
    pub fn budget(mut self, tokens: u64) -> Self {
        self.budget = Some(tokens);
        self
    }

    /// Sets how tokens are estimated; the default is [`RoughTokens`].
    pub fn estimator(mut self, estimator: impl TokenEstimator + 'static) -> Self {
        self.estimator = Arc::new(estimator);
        self
    }

    /// Adds a message, or a reply, at the end.
    pub fn push(&mut self, message: impl Into<Message>) {
        self.messages.push(message.into());
    }

    /// Takes the newest message back.
    pub fn pop(&mut self) -> Option<Message> {
        self.messages.pop()
    }

    /// Forgets all of it.
    pub fn clear(&mut self) {
        self.messages.clear();
    }

    /// All that was said, oldest first.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// How many messages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// About how many tokens all of it is.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.costs().into_iter().fold(0, u64::saturating_add)
    }

    /// A call with as much of it as fits.
    pub fn call(&self) -> Call {
        Call::of(self.fitting().messages)
    }

    /// As much of it as fits, and what that leaves out.
    #[must_use]
    pub fn fitting(&self) -> Fitting {
        let fit = self.fit();
        let messages: Vec<Message> = self
            .messages
            .iter()
            .zip(&fit.stays)
            .filter(|(_, stays)| **stays)
            .map(|(message, _)| message.clone())
            .collect();
        let dropped = self.messages.len() - messages.len();
        Fitting { messages, dropped, tokens: fit.tokens, fits: fit.fits }
    }

    /// Forgets what does not fit; tells how many messages that were.
    pub fn trim(&mut self) -> usize {
        let (before, mut stays) = (self.messages.len(), self.fit().stays.into_iter());
        self.messages.retain(|_| stays.next().unwrap_or(true));
        before - self.messages.len()
    }

    fn costs(&self) -> Vec<u64> {
        self.messages.iter().map(|message| self.estimator.tokens(message)).collect()
    }

    fn fit(&self) -> fit::Fit {
        fit::fit(&self.messages, &self.costs(), self.budget.unwrap_or(u64::MAX))
    }
}

impl Default for History {
    fn default() -> Self {
        Self::new()
    }
}

impl Extend<Message> for History {
    fn extend<I: IntoIterator<Item = Message>>(&mut self, messages: I) {
        self.messages.extend(messages);
    }
}

impl From<Reply> for Message {
    /// The answer, as the next message of the conversation.
    fn from(reply: Reply) -> Self {
        reply.message
    }
}

impl From<&Reply> for Message {
    /// The answer, as the next message of the conversation.
    fn from(reply: &Reply) -> Self {
        reply.message.clone()
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History")
            .field("messages", &self.messages)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

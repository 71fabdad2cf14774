//! A whole answer.

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{Attempt, CacheHit, Cost, Error, ErrorKind, Finish, Message, Part, Role, Seam, ToolCall, Usage};

/// A whole answer. Its `Debug` tells the shape and never the contents.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Reply {
    /// The answer, ready to be the next message of the conversation.
    pub message: Message,
    /// Why it ends here.
    pub finish: Finish,
    /// What it took; zeros where the provider did not say.
    pub usage: Usage,
    /// Who answered.
    pub provider: String,
    /// Which model answered, as the provider names it.
    pub model: String,
    /// The provider's name for this answer.
    pub id: Option<String>,
    /// What else the provider said, by its names.
    pub extra: Map<String, Value>,
    /// Every attempt that was made, at every provider, in order.
    pub attempts: Vec<Attempt>,
    /// How often the call was moved to another provider.
    pub fallbacks: u32,
    /// Where one provider went on with what another one had begun; `provider` and `model` are those of the last.
    pub seams: Vec<Seam>,
    /// Where the answer comes from when this call asked nobody for it. `usage` is what it took when it was asked for.
    pub cached: Option<CacheHit>,
}

impl Reply {
    /// An answer of one text without usage and ledger, for providers of your own.
    #[must_use]
    pub fn new(provider: impl Into<String>, model: impl Into<String>, text: impl Into<String>, finish: Finish) -> Self {
        let text = text.into();
        let part = Some(Part::Text(text)).filter(|part| part.as_text() != Some(""));
        Self::of(provider, model, Message::of(Role::Assistant, part), finish)
    }

    /// An answer without usage and ledger, for providers of your own.
    #[must_use]
    pub fn of(provider: impl Into<String>, model: impl Into<String>, message: Message, finish: Finish) -> Self {
        Self {
            message,
            finish,
            usage: Usage::default(),
            provider: provider.into(),
            model: model.into(),
            id: None,
            extra: Map::new(),
            attempts: Vec::new(),
            fallbacks: 0,
            seams: Vec::new(),
            cached: None,
        }
    }

    /// What the call cost; nothing, where a cache answered.
    #[must_use]
    pub fn cost(&self) -> Cost {
        Cost::of(&self.attempts)
    }

    /// The text of the answer.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        self.message.text()
    }

    /// The tools that the model wants to be called, in order.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.message.tool_calls()
    }

    /// What the model thought before it answered, as far as it tells.
    #[must_use]
    pub fn reasoning(&self) -> Option<String> {
        let thoughts = self.message.parts.iter().filter_map(|part| match part {
            Part::Reasoning(reasoning) => Some(&*reasoning.text),
            _ => None,
        });
        Some(thoughts.collect::<String>()).filter(|text| !text.is_empty())
    }

    /// What the model says where it will not answer.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        let refusals = self.message.parts.iter().filter_map(|part| match part {
            Part::Refusal(text) => Some(&**text),
            _ => None,
        });
        Some(refusals.collect::<String>()).filter(|text| !text.is_empty())
    }

    /// The text as JSON of a type of yours, such as one whose schema the call [asked for](crate::Call::format).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`] when the text is not that; [`ErrorKind::Truncated`] when it is not because it was cut at
    /// its limit of tokens; [`ErrorKind::ContentRefused`] when the model refused.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let fail = |kind, what: String, advice: &str| Error::new(kind, &*self.provider, what).advise(advice);
        serde_json::from_str(&self.text()).map_err(|error| match self.finish {
            Finish::Refusal | Finish::ContentFilter => {
                fail(ErrorKind::ContentRefused, String::from("the model refused to answer"), "change the contents")
            }
            Finish::Length => {
                let what = String::from("the answer was cut at its limit of tokens");
                fail(ErrorKind::Truncated, what, "allow more tokens")
            }
            _ => {
                let what = format!(
                    "the answer is not the JSON that is wanted (line {} column {})",
                    error.line(),
                    error.column()
                );
                fail(ErrorKind::Malformed, what, "ask for a strict schema, or ask again")
            }
        })
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("message", &self.message)
            .field("finish", &self.finish)
            .field("usage", &self.usage)
            .field("provider", &self.provider)
            .field("model", &self.model)
            .field("id", &self.id)
            .field("extra", &self.extra.keys().collect::<Vec<_>>())
            .field("attempts", &self.attempts)
            .field("fallbacks", &self.fallbacks)
            .field("seams", &self.seams)
            .field("cached", &self.cached)
            .finish()
    }
}

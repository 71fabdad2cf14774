//! What a call is filed under, if its answer may be kept at all.

use std::sync::Arc;

use serde_json::Value;
use steadfast_cache::{CacheKey, Part, PromptFacts, PromptKey, TokenSet};

use super::Inner;
use crate::Call;

/// A call as far as the cache knows it: digests of it.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) key: CacheKey,
    /// Who would be asked.
    pub(super) model: Arc<str>,
    /// What similar questions are looked for by, where they are.
    pub(super) likeness: Option<Likeness>,
}

/// The last thing that the user says, and everything else.
#[derive(Clone)]
pub(super) struct Likeness {
    pub(super) partition: CacheKey,
    pub(super) tokens: TokenSet,
}

impl Inner {
    /// What a call is filed under; `None` when its answer may not be kept, or nobody knows what it depends on.
    pub(super) fn question(&self, call: &Call) -> Option<Question> {
        // What no client sends. It is theirs to say so.
        let is_sent = !call.messages.is_empty() && call.options.not_finite().is_none();
        if !is_sent || !self.rule.judge(&facts(call)).is_yes() {
            return None;
        }
        let identity = self.provider.identity(call);
        if identity.is_none() && self.scope.is_none() {
            return None;
        }
        let model = call.model.as_deref().unwrap_or_else(|| self.provider.model());
        let mut key = PromptKey::normalised(&self.normalise, self.provider.name(), model)
            .scope(self.scope.as_deref().unwrap_or_default());
        if let Some(identity) = identity {
            key = key.scope(&identity.encoded()?);
        }
        let key = asked(key, call)?;
        let partition = self.similar.as_ref().and_then(|_| key.partition());
        let likeness = partition.zip(call.messages.last()).map(|(partition, last)| {
            let tokens = TokenSet::of(&last.text());
            Likeness { partition, tokens }
        });
        Some(Question { key: key.finish(), model: Arc::from(model), likeness })
    }
}

/// Everything of the call that reaches the provider.
fn asked(mut key: PromptKey, call: &Call) -> Option<PromptKey> {
    // Every field by its name: one that is added later is not left out of the key unnoticed. The model is in it already;
    // how the call is made does not change what is answered.
    let Call { messages, system, model: _, options, context: _, observer: _ } = call;
    if let Some(system) = system {
        key = key.system(system);
    }
    for message in messages.iter() {
        let role = message.role.as_str();
        key = match message.only_text() {
            Some(text) => key.message(role, text),
            None => {
                let parts: Option<Vec<Value>> =
                    message.parts.iter().map(|part| serde_json::to_value(part).ok()).collect();
                let parts = parts?;
                key.message_of(role, parts.iter().map(|part| Part::json("part", part)))
            }
        };
    }
    Some(key.json("options", &serde_json::to_value(&**options).ok()?))
}

fn facts(call: &Call) -> PromptFacts {
    let facts = PromptFacts::new();
    match call.options.temperature {
        Some(temperature) => facts.temperature(temperature),
        None => facts,
    }
}

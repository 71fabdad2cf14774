//! Whether an answer may be kept and given again.

use std::fmt;
use std::sync::Arc;

use super::facts::{PromptFacts, Tools};

/// Whether an answer may be kept and given again: a pure function of facts about its request.
///
/// The default, [`deterministic`](Self::deterministic): **an answer is kept when the request asks for one answer of the
/// likeliest words, offers no tools that act, and leaves nothing behind at the vendor.** "The likeliest words" is said by
/// a temperature of 0, a `top_p` of 0 or a `top_k` of 1. A request that says nothing of them is sampled, because the
/// vendors' own temperature is 1.0: whoever asks twice expects two answers.
///
/// ```
/// use steadfast_cache::{Cacheable, PromptFacts, Rule, Uncacheable};
///
/// let rule = Rule::default();
/// assert_eq!(rule.judge(&PromptFacts::new().temperature(0.0)), Cacheable::Yes);
/// assert_eq!(rule.judge(&PromptFacts::new()), Cacheable::No(Uncacheable::SamplingUnsaid));
/// assert_eq!(Rule::everything().judge(&PromptFacts::new()), Cacheable::Yes);
/// ```
#[derive(Clone, Default)]
pub struct Rule(Kind);

#[derive(Clone, Default)]
enum Kind {
    #[default]
    Deterministic,
    Seeded,
    Everything,
    Never,
    Custom(Arc<Judge>),
}

type Judge = dyn Fn(&PromptFacts) -> Cacheable + Send + Sync;

/// What a [`Rule`] says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cacheable {
    /// Its answer may be kept and given again.
    Yes,
    /// It may not.
    No(Uncacheable),
}

/// Why an answer is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Uncacheable {
    /// Nothing is said of sampling, which leaves it to the vendor.
    #[error("no temperature is given, and the vendor's own is not 0")]
    SamplingUnsaid,
    /// The words are drawn by lot.
    #[error("the answer is sampled")]
    Sampled,
    /// Not exactly one answer is asked for.
    #[error("not exactly one answer is asked for")]
    Choices,
    /// The tools change something or tell what changes.
    #[error("the tools act")]
    Tools,
    /// The vendor remembers the request or goes on from one that it remembers.
    #[error("the vendor keeps state")]
    Stateful,
    /// Nothing is kept.
    #[error("nothing is cached")]
    Never,
    /// A rule of the user's own.
    #[error("{0}")]
    Other(&'static str),
}

impl Rule {
    /// One answer of the likeliest words, no tools that act, no state at the vendor.
    #[must_use]
    pub const fn deterministic() -> Self {
        Self(Kind::Deterministic)
    }

    /// The same, and a request with a seed counts as one for the likeliest words. Vendors promise no more than an
    /// effort to answer it alike.
    #[must_use]
    pub const fn seeded() -> Self {
        Self(Kind::Seeded)
    }

    /// Every answer is kept. It is leave to give the same sampled answer to all who ask, tool calls included.
    #[must_use]
    pub const fn everything() -> Self {
        Self(Kind::Everything)
    }

    /// No answer is kept.
    #[must_use]
    pub const fn never() -> Self {
        Self(Kind::Never)
    }

    /// A rule of your own.
    #[must_use]
    pub fn custom(judge: impl Fn(&PromptFacts) -> Cacheable + Send + Sync + 'static) -> Self {
        Self(Kind::Custom(Arc::new(judge)))
    }

    /// What the rule says of a request.
    #[must_use]
    pub fn judge(&self, facts: &PromptFacts) -> Cacheable {
        match &self.0 {
            Kind::Deterministic => unvaried(facts, greedy(facts)),
            Kind::Seeded if facts.seed.is_some() => unvaried(facts, Ok(())),
            Kind::Seeded => unvaried(facts, greedy(facts)),
            Kind::Everything => Cacheable::Yes,
            Kind::Never => Cacheable::No(Uncacheable::Never),
            Kind::Custom(judge) => judge(facts),
        }
    }
}

impl Cacheable {
    /// Whether the answer may be kept.
    #[must_use]
    pub const fn is_yes(self) -> bool {
        matches!(self, Self::Yes)
    }
}

/// Whether always the likeliest word is picked.
fn greedy(facts: &PromptFacts) -> Result<(), Uncacheable> {
    if facts.temperature == Some(0.0) || facts.top_p == Some(0.0) || facts.top_k == Some(1) {
        Ok(())
    } else if facts.temperature.is_some() {
        Err(Uncacheable::Sampled)
    } else {
        Err(Uncacheable::SamplingUnsaid)
    }
}

fn unvaried(facts: &PromptFacts, sampling: Result<(), Uncacheable>) -> Cacheable {
    if facts.choices != 1 {
        Cacheable::No(Uncacheable::Choices)
    } else if facts.tools == Tools::Acting {
        Cacheable::No(Uncacheable::Tools)
    } else if facts.stateful {
        Cacheable::No(Uncacheable::Stateful)
    } else {
        sampling.map_or_else(Cacheable::No, |()| Cacheable::Yes)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Deterministic => "Rule::deterministic",
            Kind::Seeded => "Rule::seeded",
            Kind::Everything => "Rule::everything",
            Kind::Never => "Rule::never",
            Kind::Custom(_) => "Rule::custom",
        })
    }
}

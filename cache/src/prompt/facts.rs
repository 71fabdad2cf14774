//! What is to be known of a request before its answer is kept.

/// What of a request decides whether its answer may be kept, as it is sent: what is not sent is `None`.
///
/// ```
/// use steadfast_cache::{PromptFacts, Rule};
///
/// let facts = PromptFacts::new().temperature(0.0);
/// assert!(Rule::deterministic().judge(&facts).is_yes());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct PromptFacts {
    /// How far the model strays from the likeliest word.
    pub temperature: Option<f64>,
    /// The share of likely words that it picks from, `0.0 ..= 1.0`.
    pub top_p: Option<f64>,
    /// The number of likely words that it picks from.
    pub top_k: Option<u32>,
    /// The seed of its choices.
    pub seed: Option<i64>,
    /// How many answers are asked for.
    pub choices: u32,
    /// What tools it may use.
    pub tools: Tools,
    /// Whether the vendor remembers the request or goes on from one that it remembers.
    pub stateful: bool,
}

/// What the tools do that a request offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tools {
    /// There are none.
    #[default]
    Absent,
    /// They always tell the same and change nothing, so that an answer that calls them is as good later.
    Pure,
    /// They change something, or tell what changes: a search of the web, a booking.
    Acting,
}

impl PromptFacts {
    /// A request for one answer that says nothing of sampling and offers no tools.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            temperature: None,
            top_p: None,
            top_k: None,
            seed: None,
            choices: 1,
            tools: Tools::Absent,
            stateful: false,
        }
    }

    /// The same with this temperature.
    #[must_use]
    pub const fn temperature(self, temperature: f64) -> Self {
        Self { temperature: Some(temperature), ..self }
    }

    /// The same with this share of likely words.
    #[must_use]
    pub const fn top_p(self, top_p: f64) -> Self {
        Self { top_p: Some(top_p), ..self }
    }

    /// The same with this number of likely words.
    #[must_use]
    pub const fn top_k(self, top_k: u32) -> Self {
        Self { top_k: Some(top_k), ..self }
    }

    /// The same with this seed.
    #[must_use]
    pub const fn seed(self, seed: i64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// The same, asking for so many answers.
    #[must_use]
    pub const fn choices(self, choices: u32) -> Self {
        Self { choices, ..self }
    }

    /// The same with these tools.
    #[must_use]
    pub const fn tools(self, tools: Tools) -> Self {
        Self { tools, ..self }
    }

    /// The same, remembered by the vendor.
    #[must_use]
    pub const fn stateful(self) -> Self {
        Self { stateful: true, ..self }
    }
}

impl Default for PromptFacts {
    fn default() -> Self {
        Self::new()
    }
}

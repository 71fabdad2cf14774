//! What a vendor says about its limits, and in which headers: data, one table a vendor.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Measure {
    /// Requests.
    Requests,
    /// Tokens, read and written.
    Tokens,
    /// Tokens that the model reads.
    Input,
    /// Tokens that the model writes.
    Output,
}

impl Measure {
    /// What it is called in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::Input => "input tokens",
            Self::Output => "output tokens",
        }
    }
}

/// One limit of a vendor, and the three headers that tell of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LimitHeader {
    /// What it counts.
    pub measure: Measure,
    /// The name of the headers, in lower case, with `{}` where `limit`, `remaining` or `reset` stands.
    pub header: Cow<'static, str>,
    /// The seconds that the limit is for; `None` where it is a minute until the headers tell another time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    /// Whether all of it comes back at once, at the reset. Otherwise it comes back bit by bit, and the reset tells when
    /// all of it is there.
    #[serde(default)]
    pub at_once: bool,
}

impl LimitHeader {
    /// A limit that these headers tell of.
    #[must_use]
    pub const fn new(measure: Measure, header: &'static str) -> Self {
        Self { measure, header: Cow::Borrowed(header), seconds: None, at_once: false }
    }

    /// Sets the seconds that the limit is for.
    #[must_use]
    pub const fn seconds(mut self, seconds: u32) -> Self {
        self.seconds = Some(seconds);
        self
    }

    /// Says that all of it comes back at once, at the reset.
    #[must_use]
    pub const fn at_once(mut self) -> Self {
        self.at_once = true;
        self
    }

    pub(super) fn window(&self) -> Duration {
        Duration::from_secs(self.seconds.map_or(60, |seconds| u64::from(seconds.max(1))))
    }
}

/// A vendor's limits: in which headers it tells them, what it counts, and which models share them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LimitTable {
    /// The limits that headers tell of. At most 16 are looked at.
    pub headers: Cow<'static, [LimitHeader]>,
    /// Whether a call counts in the end by what it took; otherwise by what it could have taken, also when it was less.
    pub settles: bool,
    /// Whether the limit of an answer counts ahead, as if all of it were written.
    pub precharges: bool,
    /// Whether tokens that are read from the prompt cache count.
    pub counts_cached: bool,
    /// Beginnings of models' names that share one limit; the first that fits is the family.
    pub families: Cow<'static, [Cow<'static, str>]>,
}

/// Those that most vendors took over from OpenAI, and Cerebras's beside them.
const COMMON_HEADERS: &[LimitHeader] = &[
    LimitHeader::new(Measure::Requests, "x-ratelimit-{}-requests"),
    LimitHeader::new(Measure::Tokens, "x-ratelimit-{}-tokens"),
    LimitHeader::new(Measure::Tokens, "x-ratelimit-{}-tokens_usage_based"),
    LimitHeader::new(Measure::Requests, "x-ratelimit-{}-requests-minute").seconds(60),
    LimitHeader::new(Measure::Tokens, "x-ratelimit-{}-tokens-minute").seconds(60),
    LimitHeader::new(Measure::Requests, "x-ratelimit-{}-requests-day").seconds(86_400).at_once(),
    LimitHeader::new(Measure::Tokens, "x-ratelimit-{}-tokens-day").seconds(86_400).at_once(),
];

impl Default for LimitTable {
    fn default() -> Self {
        Self::COMMON
    }
}

impl LimitTable {
    /// The headers that most vendors took over from OpenAI, with calls counted by what they took.
    pub const COMMON: Self = Self {
        headers: Cow::Borrowed(COMMON_HEADERS),
        settles: true,
        precharges: false,
        counts_cached: true,
        families: Cow::Borrowed(&[]),
    };

    /// OpenAI: a call counts by its text and its `max_tokens`, whatever comes of it (guide "Rate limits").
    pub const OPENAI: Self = Self {
        headers: Cow::Borrowed(COMMON_HEADERS),
        settles: false,
        precharges: true,
        counts_cached: true,
        families: Cow::Borrowed(&[]),
    };

    /// Anthropic: limits are shared by the versions of a model, and what is read from the cache does not count
    /// (API reference, "Rate limits"). `max_tokens` counts ahead where it does at all.
    pub const ANTHROPIC: Self = Self {
        headers: Cow::Borrowed(&[
            LimitHeader::new(Measure::Requests, "anthropic-ratelimit-requests-{}").seconds(60),
            LimitHeader::new(Measure::Tokens, "anthropic-ratelimit-tokens-{}").seconds(60),
            LimitHeader::new(Measure::Input, "anthropic-ratelimit-input-tokens-{}").seconds(60),
            LimitHeader::new(Measure::Output, "anthropic-ratelimit-output-tokens-{}").seconds(60),
        ]),
        settles: true,
        precharges: true,
        counts_cached: false,
        families: Cow::Borrowed(&[
            Cow::Borrowed("claude-opus-4"),
            Cow::Borrowed("claude-sonnet-4"),
            Cow::Borrowed("claude-haiku-4"),
        ]),
    };

    /// The family of a model: of those whose limits are counted together.
    ///
    /// Where no beginning of the table fits, it is the name without what tells a version: a date at its end,
    /// `-latest`, and what follows an `@`.
    ///
    /// ```
    /// use steadfast_providers::admission::LimitTable;
    ///
    /// let table = LimitTable::ANTHROPIC;
    /// assert_eq!(table.family("claude-sonnet-4-5-20250929"), table.family("claude-sonnet-4-5"));
    /// assert_eq!(LimitTable::OPENAI.family("gpt-4o-2024-08-06"), "gpt-4o");
    /// assert_eq!(LimitTable::OPENAI.family("gpt-4o-mini"), "gpt-4o-mini");
    /// ```
    #[must_use]
    pub fn family<'m>(&'m self, model: &'m str) -> &'m str {
        let known = self.families.iter().find(|family| begins(model, family));
        known.map_or_else(|| unversioned(model), |family| family.as_ref())
    }
}

/// Whether the name begins with the family's, and no other word goes on there.
fn begins(model: &str, family: &str) -> bool {
    model.strip_prefix(family).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
}

fn unversioned(model: &str) -> &str {
    let model = model.split_once('@').map_or(model, |(model, _)| model);
    let model = model.strip_suffix("-latest").unwrap_or(model);
    // -20250929, -2024-08-06, -0613
    for shape in ["-dddddddd", "-dddd-dd-dd", "-dddd"] {
        if let Some((name, end)) = model.len().checked_sub(shape.len()).and_then(|at| model.split_at_checked(at)) {
            let fits = |(byte, shape): (u8, u8)| if shape == b'd' { byte.is_ascii_digit() } else { byte == shape };
            if !name.is_empty() && end.bytes().zip(shape.bytes()).all(fits) {
                return name;
            }
        }
    }
    model
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_a_model_are_one_family() {
        for (model, family) in [
            ("gpt-4o", "gpt-4o"),
            ("gpt-4o-2024-08-06", "gpt-4o"),
            ("gpt-4-0613", "gpt-4"),
            ("chatgpt-4o-latest", "chatgpt-4o"),
            ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
            ("claude-3-5-sonnet@20240620", "claude-3-5-sonnet"),
            ("-20250929", "-20250929"),
            ("", ""),
            ("20250929", "20250929"),
            ("m\u{1F600}-0613", "m\u{1F600}"),
        ] {
            assert_eq!(LimitTable::OPENAI.family(model), family, "{model}");
        }
        for (model, family) in [
            ("claude-sonnet-4-5-20250929", "claude-sonnet-4"),
            ("claude-sonnet-4", "claude-sonnet-4"),
            ("claude-sonnet-40", "claude-sonnet-40"),
            ("claude-opus-4-1", "claude-opus-4"),
            ("claude-3-haiku-20240307", "claude-3-haiku"),
        ] {
            assert_eq!(LimitTable::ANTHROPIC.family(model), family, "{model}");
        }
    }

    #[test]
    fn a_table_is_data() {
        let text = r#"{"headers": [{"measure": "requests", "header": "x-limit-{}"}], "counts_cached": false}"#;
        let table: LimitTable = serde_json::from_str(text).unwrap();
        assert_eq!(table.headers[0], LimitHeader::new(Measure::Requests, "x-limit-{}"));
        assert!(table.settles && !table.precharges && !table.counts_cached);
        let again: LimitTable = serde_json::from_str(&serde_json::to_string(&table).unwrap()).unwrap();
        assert_eq!(again, table);
    }
}

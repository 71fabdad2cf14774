//! What tokens cost: data with a date.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::{Error, ErrorKind, Usage, Usd};

#[cfg(test)]
mod tests;

/// What tokens cost, by provider and model.
///
/// ```
/// use steadfast_providers::{Prices, Usage};
///
/// let usage = Usage::new(1_000, 200, 0, 500, 0);
/// let cost = Prices::builtin().cost("openai", "gpt-4.1-2025-04-14", &usage, &Default::default());
/// assert_eq!(cost.unwrap().to_string(), "$0.0057");
/// assert_eq!(Prices::builtin().cost("openai", "unheard-of", &usage, &Default::default()), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    as_of: String,
    /// By provider, then by model.
    models: BTreeMap<String, BTreeMap<String, Price>>,
}

/// What the tokens of one model cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Price {
    /// A token that is read, and has nothing to do with a cache.
    pub input: Usd,
    /// A token that is read from the prompt cache.
    pub cached_read: Usd,
    /// A token that is written to the prompt cache.
    pub cache_write: Usd,
    /// A token that is written to the prompt cache for long.
    pub cache_write_long: Usd,
    /// A token that is written.
    pub output: Usd,
    /// Prompts of more tokens have another price, which is not known here.
    pub long_prompt: Option<u64>,
}

/// What else the price of a call depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terms {
    /// What is written to the prompt cache is kept for long.
    pub long_cache: bool,
    /// The tier that the provider says it served the call in; `None` and `default`, `standard`, `auto` are the price's own.
    pub tier: Option<String>,
}

/// A table as it is written down. What is left out costs as much as a token that is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    input: f64,
    cached_read: Option<f64>,
    cache_write: Option<f64>,
    cache_write_long: Option<f64>,
    output: f64,
    long_prompt: Option<u64>,
}

#[derive(Deserialize)]
struct Table {
    as_of: String,
    #[serde(flatten)]
    providers: BTreeMap<String, BTreeMap<String, Row>>,
}

impl Prices {
    /// The prices that are known to this version, as of [`as_of`](Self::as_of).
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Prices> = OnceLock::new();
        // A test sees to it that it can be read.
        BUILTIN.get_or_init(|| Self::from_toml(include_str!("price/prices.toml")).unwrap_or_else(|_| Self::none()))
    }

    /// No price at all.
    #[must_use]
    pub fn none() -> Self {
        Self { as_of: String::new(), models: BTreeMap::new() }
    }

    /// Prices of your own: `as_of = "DATE"`, and a table `[PROVIDER."MODEL"]` for each, with `input`, `cached_read`,
    /// `cache_write`, `cache_write_long` and `output` in dollars for a million tokens, and `long_prompt` in tokens.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when it is something else, or a price is less than nothing.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let wrong = |what: &str| Error::new(ErrorKind::Config, "", format!("the prices cannot be read: {what}"));
        let table: Table = toml::from_str(text).map_err(|error| wrong(error.message()))?;
        let mut models = BTreeMap::new();
        for (provider, rows) in table.providers {
            let mut prices = BTreeMap::new();
            for (model, row) in rows {
                let price = row.price().ok_or_else(|| wrong(&format!("a price of {provider}/{model} is none")))?;
                prices.insert(model, price);
            }
            models.insert(provider, prices);
        }
        Ok(Self { as_of: table.as_of, models })
    }

    /// These prices, and `others` where they say otherwise.
    #[must_use]
    pub fn with(mut self, others: Self) -> Self {
        self.as_of = self.as_of.max(others.as_of);
        for (provider, models) in others.models {
            self.models.entry(provider).or_default().extend(models);
        }
        self
    }

    /// The day on which they were looked up.
    #[must_use]
    pub fn as_of(&self) -> &str {
        &self.as_of
    }

    /// The price of a model. A version of it, `NAME-2026-01-31`, `NAME-20260131`, `NAME-latest`, has the price of `NAME`.
    #[must_use]
    pub fn of(&self, provider: &str, model: &str) -> Option<Price> {
        let models = self.models.get(provider)?;
        models.get(model).or_else(|| models.get(family(model)?)).copied()
    }

    /// What a call cost; `None` when it is not known, rather than a guess.
    #[must_use]
    pub fn cost(&self, provider: &str, model: &str, usage: &Usage, terms: &Terms) -> Option<Usd> {
        let price = self.of(provider, model)?;
        let is_known = terms.tier.as_deref().is_none_or(|tier| matches!(tier, "default" | "standard" | "auto" | ""));
        let is_long = price.long_prompt.is_some_and(|most| usage.input > most);
        (is_known && !is_long).then(|| price.cost(usage, terms.long_cache))
    }
}

impl Price {
    /// What these tokens cost.
    #[must_use]
    pub fn cost(&self, usage: &Usage, long_cache: bool) -> Usd {
        let write = if long_cache { self.cache_write_long } else { self.cache_write };
        [
            (self.input, usage.uncached()),
            (self.cached_read, usage.cached_read),
            (write, usage.cache_write),
            (self.output, usage.output),
        ]
        .into_iter()
        .map(|(price, tokens)| Usd::from_pico(price.as_pico().saturating_mul(tokens)))
        .sum()
    }
}

impl Row {
    fn price(&self) -> Option<Price> {
        let cached_read = self.cached_read.unwrap_or(self.input);
        let cache_write = self.cache_write.unwrap_or(self.input);
        let cache_write_long = self.cache_write_long.unwrap_or(cache_write);
        Some(Price {
            input: of_million(self.input)?,
            cached_read: of_million(cached_read)?,
            cache_write: of_million(cache_write)?,
            cache_write_long: of_million(cache_write_long)?,
            output: of_million(self.output)?,
            long_prompt: self.long_prompt,
        })
    }
}

/// The price of one token from that of a million.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within bounds, and no fraction")]
fn of_million(dollars: f64) -> Option<Usd> {
    let pico = (dollars * 1e6).round();
    (0.0..=1e15).contains(&pico).then(|| Usd::from_pico(pico as u64))
}

/// The name of which this is a version.
fn family(model: &str) -> Option<&str> {
    if let Some(name) = model.strip_suffix("-latest") {
        return Some(name);
    }
    let is_date = |text: &str| {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        digits == 8 && matches!(text.len(), 8 | 10) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    };
    [10, 8].into_iter().find_map(|length| {
        let (name, date) = model.split_at_checked(model.len().checked_sub(length)?)?;
        name.strip_suffix(['-', '@']).filter(|name| is_date(date) && !name.is_empty())
    })
}

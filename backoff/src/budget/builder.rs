//! Building a [`RetryBudget`].

use steadfast_clock::Nanos;

use super::RetryBudget;
use super::credit::{Credit, PARTS};
use crate::ConfigError;

/// Builds a [`RetryBudget`]; made by [`RetryBudget::builder`]. With the feature `serde` it is also the budget's form in
/// configuration: `ratio`, `floor` and `reserve`, each optional.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "crate::config::Budget", into = "crate::config::Budget"))]
#[must_use = "a builder does nothing until it is built"]
pub struct RetryBudgetBuilder {
    pub(crate) ratio: f64,
    pub(crate) floor: f64,
    pub(crate) reserve: u32,
}

const MAX_RATIO: f64 = 1000.0;
const MAX_FLOOR: f64 = 1_000_000.0;

impl Default for RetryBudgetBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl RetryBudgetBuilder {
    pub(crate) const fn new() -> Self {
        Self { ratio: 0.2, floor: 10.0, reserve: 100 }
    }

    /// How many retries a success earns: 0.0 ..= 1,000.0, rounded down to 1/10,000. 0.2 unless set.
    pub const fn ratio(mut self, ratio: f64) -> Self {
        self.ratio = ratio;
        self
    }

    /// How many retries every second earns, for targets with little traffic: 0.0 ..= 1,000,000.0, rounded down to
    /// 1/10,000. 10.0 unless set.
    pub const fn floor(mut self, per_second: f64) -> Self {
        self.floor = per_second;
        self
    }

    /// The most retries that can be saved up, 1 or more: the burst that an outage can start with. 100 unless set.
    pub const fn reserve(mut self, retries: u32) -> Self {
        self.reserve = retries;
        self
    }

    /// The budget, with its reserve full.
    ///
    /// # Errors
    ///
    /// A ratio or floor that is out of its range, not a number, or above zero but below 1/10,000; a reserve of zero.
    pub fn build(self) -> Result<RetryBudget, ConfigError> {
        Ok(RetryBudget::new(self.credit()?, None))
    }

    /// The budget, with nothing saved up at `now`: retries must be earned before the first one.
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build); and when neither ratio nor floor are above zero, as nothing could ever be earned.
    pub fn build_empty(self, now: Nanos) -> Result<RetryBudget, ConfigError> {
        let credit = self.credit()?;
        if credit.per_success == 0 && credit.per_second == 0 {
            return Err(ConfigError::NothingEarned);
        }
        Ok(RetryBudget::new(credit, Some(now)))
    }

    pub(crate) fn credit(self) -> Result<Credit, ConfigError> {
        let Self { ratio, floor, reserve } = self;
        if reserve == 0 {
            return Err(ConfigError::ZeroReserve);
        }
        Ok(Credit {
            per_success: parts(ratio, MAX_RATIO).ok_or(ConfigError::BudgetRatio { ratio })?,
            per_second: parts(floor, MAX_FLOOR).ok_or(ConfigError::BudgetFloor { floor })?,
            retries: reserve,
        })
    }
}

/// `retries` in parts; `None` when it is out of range or no part of it would be left.
#[expect(clippy::cast_possible_truncation, reason = "rounding down is what is wanted")]
#[expect(clippy::cast_sign_loss, reason = "checked to be within 0 ..= max")]
fn parts(retries: f64, max: f64) -> Option<u64> {
    if !(0.0..=max).contains(&retries) {
        return None;
    }
    // A hair more, so that 0.29 is 2,900 parts although its product is 2,899.999….
    let parts = (retries * PARTS as f64 + 1e-6) as u64;
    (parts > 0 || retries == 0.0).then_some(parts)
}

//! How waits are spread, so that clients that failed together do not come back together.

use crate::ConfigError;

/// The interval around a wait `w` from which the actual wait is drawn uniformly.
///
/// The interval never reaches above the schedule's cap: its upper end is cut there, which keeps the rest uniform, where
/// clamping would pile waits up on the cap. Full and equal jitter are those of Marc Brooker, "Exponential Backoff And
/// Jitter", AWS Architecture Blog, 2015.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "crate::config::Jitter", into = "crate::config::Jitter"))]
#[non_exhaustive]
pub enum Jitter {
    /// Exactly `w`.
    None,
    /// From nothing to `w`.
    Full,
    /// From half of `w` to `w`.
    Equal,
    /// From `w · (1 − f)` to `w · (1 + f)`, with `f` in 0.0 ..= 1.0. 0.0 is no jitter.
    Fraction(f64),
    /// From `w` to `w · (1 + f)`, with `f` in 0.0 ..= 1.0. 0.0 is no jitter. At the cap there is no room above, so the
    /// interval there is the one that ends at the cap: from `cap / (1 + f)` to `cap`.
    Additive(f64),
}

impl Jitter {
    /// Both ends of the interval, as multiples of the wait. Equal ends are no jitter.
    pub(crate) const fn ends(self) -> (f64, f64) {
        match self {
            Self::None => (1.0, 1.0),
            Self::Full => (0.0, 1.0),
            Self::Equal => (0.5, 1.0),
            Self::Fraction(f) => (1.0 - f, 1.0 + f),
            Self::Additive(f) => (1.0, 1.0 + f),
        }
    }

    pub(crate) const fn check(self) -> Result<(), ConfigError> {
        match self {
            Self::Fraction(fraction) | Self::Additive(fraction) if !(fraction >= 0.0 && fraction <= 1.0) => {
                Err(ConfigError::JitterFraction { fraction })
            }
            _ => Ok(()),
        }
    }
}

/// A number from `low` to `high`, both included, uniform when `entropy` is. `low` must not be above `high`.
///
/// The high half of a product (Lemire, "Fast Random Integer Generation in an Interval", 2019, without the rejection):
/// no number is off its share by more than one part in 2⁶⁴ of all draws.
#[inline]
pub(crate) fn pick(low: u64, high: u64, entropy: u64) -> u64 {
    low.saturating_add(below_or_at(high.saturating_sub(low), entropy))
}

/// A number from 0 to `top`, both included, as [`pick`] picks it.
#[inline]
pub(crate) fn below_or_at(top: u64, entropy: u64) -> u64 {
    // entropy · (top + 1), without the overflow of top + 1.
    let product = u128::from(entropy) * u128::from(top) + u128::from(entropy);
    (product >> 64) as u64
}

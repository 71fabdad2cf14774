//! Money, counted exactly.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use serde::{Serialize, Serializer};

/// US dollars, counted in millionths of a millionth: a token for a cent a million costs 10,000 of them. Sums stop at the
/// largest amount there is, 18 million dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(u64);

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many millionths of a millionth of a dollar.
    #[must_use]
    pub const fn from_pico(pico: u64) -> Self {
        Self(pico)
    }

    /// The same as a number.
    #[must_use]
    pub const fn as_pico(self) -> u64 {
        self.0
    }

    /// In dollars, rounded as a float is.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "said so")]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1e12
    }

    /// In millionths of a dollar, rounded up.
    #[must_use]
    pub const fn as_micro(self) -> u64 {
        self.0.div_ceil(1_000_000)
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::add)
    }
}

impl fmt::Display for Usd {
    /// `$0.001234`, with as many digits as it has, and at least two.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dollars, rest) = (self.0 / 1_000_000_000_000, self.0 % 1_000_000_000_000);
        let digits = format!("{rest:012}");
        let digits = digits.trim_end_matches('0');
        write!(f, "${dollars}.{digits:0<2}")
    }
}

impl Serialize for Usd {
    /// A number of dollars.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_f64())
    }
}

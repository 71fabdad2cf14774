//! What a hit is worth.

/// What one hit on an entry saves: what the call would have taken that is now not made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saving {
    /// Tokens of the question and the answer.
    pub tokens: u64,
    /// Money, in millionths of a unit of the caller's currency.
    pub micros: u64,
}

impl Saving {
    /// Nothing that is known.
    pub const NOTHING: Self = Self { tokens: 0, micros: 0 };

    /// So many tokens.
    #[must_use]
    pub const fn tokens(tokens: u64) -> Self {
        Self { tokens, micros: 0 }
    }

    /// The same, and so many millionths of a unit of money.
    #[must_use]
    pub const fn and_micros(self, micros: u64) -> Self {
        Self { micros, ..self }
    }

    /// Both together; sums stay at `u64::MAX`.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self { tokens: self.tokens.saturating_add(other.tokens), micros: self.micros.saturating_add(other.micros) }
    }
}

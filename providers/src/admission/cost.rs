//! What a call takes of its limits.

use serde::Serialize;

use super::table::Measure;

/// What a call takes of its limits, ahead as an estimate and in the end as it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Cost {
    /// Requests.
    pub requests: u64,
    /// Tokens that the model reads, as far as they count.
    pub input: u64,
    /// Tokens that the model writes.
    pub output: u64,
}

impl Cost {
    /// Nothing.
    pub const NONE: Self = Self { requests: 0, input: 0, output: 0 };

    /// One request of so many tokens.
    #[must_use]
    pub const fn new(input: u64, output: u64) -> Self {
        Self { requests: 1, input, output }
    }

    /// What of it a limit on this measure counts.
    #[must_use]
    pub const fn of(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Requests => self.requests,
            Measure::Tokens => self.input.saturating_add(self.output),
            Measure::Input => self.input,
            Measure::Output => self.output,
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
        }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(other.requests),
            input: self.input.saturating_sub(other.input),
            output: self.output.saturating_sub(other.output),
        }
    }
}

//! What a call cost, with all that went wrong on the way.

use serde::Serialize;

use crate::{Attempt, Billed, Usd};

/// What a call cost: every attempt at every provider, those that failed, were cancelled or lost a race included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Cost {
    /// The attempts whose tokens and price are known.
    pub known: Usd,
    /// How many attempts are on the bill, or may be, of which that is not known.
    pub unknown: u32,
}

impl Cost {
    /// What these attempts cost.
    #[must_use]
    pub fn of(attempts: &[Attempt]) -> Self {
        attempts.iter().fold(Self::default(), |sum, attempt| match (attempt.cost, attempt.billed()) {
            (Some(cost), Billed::Yes) => Self { known: sum.known + cost, ..sum },
            // What was told before it broke off is the least that it cost.
            (Some(cost), _) => Self { known: sum.known + cost, unknown: sum.unknown + 1 },
            (None, Billed::No) => sum,
            (None, _) => Self { unknown: sum.unknown + 1, ..sum },
        })
    }

    /// The whole cost, where all of it is known.
    #[must_use]
    pub fn exact(self) -> Option<Usd> {
        (self.unknown == 0).then_some(self.known)
    }
}

//! Letting calls in again, little by little.

use core::time::Duration;

use steadfast_clock::Nanos;

/// A share of the calls that grows in a straight line from a tenth to all.
///
/// Each call that asks brings the share of its moment into a purse, and is admitted when that makes a whole one
/// (J. E. Bresenham's line, 1965). So the calls admitted in any stretch are within one of the sum of their shares.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ramp {
    since: Nanos,
    /// Below [`WHOLE`].
    purse: u64,
}

/// One call, in parts.
const WHOLE: u64 = 1 << 32;

/// The share at the beginning.
const START: u64 = WHOLE / 10;

impl Ramp {
    /// A ramp that begins at `now`. Its first call is admitted.
    pub(crate) const fn new(now: Nanos) -> Self {
        Self { since: now, purse: WHOLE - START }
    }

    /// How much of a ramp of `length` is left. A clock that stepped back does not prolong it.
    pub(crate) fn advance(&mut self, length: Duration, now: Nanos) -> Duration {
        self.since = self.since.min(now);
        self.left(length, now)
    }

    pub(crate) const fn left(&self, length: Duration, now: Nanos) -> Duration {
        length.saturating_sub(now.since(self.since))
    }

    /// Whether the call that asks now is admitted.
    pub(crate) fn admits(&mut self, length: Duration, now: Nanos) -> bool {
        let all = length.as_nanos().max(1);
        let gone = now.since(self.since).as_nanos().min(all);
        // At most `WHOLE - START`; and a product of 64 and 32 bits fits 128.
        let grown = u128::from(WHOLE - START) * gone / all;
        self.purse += START + u64::try_from(grown).unwrap_or(WHOLE - START);
        let whole = self.purse >= WHOLE;
        if whole {
            self.purse -= WHOLE;
        }
        whole
    }
}

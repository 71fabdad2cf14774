//! What a budget has earned, in whole parts of a retry.

/// The unit of credit: a retry is this many parts.
pub(crate) const PARTS: u64 = 10_000;

const NANOS_PER_SEC: u64 = 1_000_000_000;

/// What successes and time earn, and how much of it can be saved up.
///
/// It counts up to 1.8 · 10¹⁵ retries (58 years at a million a second) and then grants nothing: saturated, not wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Credit {
    /// Parts a success; at most 1,000 retries.
    pub(crate) per_success: u64,
    /// Parts a second; at most a million retries.
    pub(crate) per_second: u64,
    /// How many whole retries can be saved up.
    pub(crate) retries: u32,
}

impl Credit {
    /// Finagle's: 20 %, at least 10 a second, over 10 seconds.
    pub(crate) const DEFAULT: Self = Self { per_success: PARTS / 5, per_second: 10 * PARTS, retries: 100 };

    /// The most that can be saved up, in parts.
    pub(crate) fn reserve(&self) -> u64 {
        u64::from(self.retries) * PARTS
    }

    /// Everything earned up to `nanos` of the clock, the reserve that it starts with included. It never shrinks as its
    /// arguments grow, and is rounded down once.
    pub(crate) fn earned(&self, deposits: u64, nanos: u64) -> u64 {
        let by_success = deposits.saturating_mul(self.per_success);
        // Split so that it fits: a part of a second earns less than 10¹⁰ parts times 10⁹.
        let whole = (nanos / NANOS_PER_SEC).saturating_mul(self.per_second);
        let rest = (nanos % NANOS_PER_SEC) * self.per_second / NANOS_PER_SEC;
        self.reserve().saturating_add(by_success).saturating_add(whole).saturating_add(rest)
    }
}

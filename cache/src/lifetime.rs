//! How long an answer is good for.

use std::time::Duration;

/// How long an answer is good for, counted from when it was given: first fresh, then stale, then gone.
///
/// A stale answer may be served while a new one is fetched, as in the `stale-while-revalidate` of
/// [RFC 5861](https://www.rfc-editor.org/rfc/rfc5861).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lifetime {
    /// Served as it is while it is younger than this.
    pub fresh: Duration,
    /// After that, served for so much longer while a new one is fetched. Zero: not at all.
    pub stale: Duration,
}

/// What the age of an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Freshness {
    /// It is good.
    Fresh,
    /// It may be served while a new one is fetched.
    Stale,
    /// It must not be served.
    Expired,
}

impl Lifetime {
    /// Fresh for so long and then gone.
    #[must_use]
    pub const fn fresh_for(fresh: Duration) -> Self {
        Self { fresh, stale: Duration::ZERO }
    }

    /// The same, and then stale for so long.
    #[must_use]
    pub const fn stale_for(self, stale: Duration) -> Self {
        Self { stale, ..self }
    }

    /// The whole of it, fresh and stale.
    #[must_use]
    pub const fn total(&self) -> Duration {
        self.fresh.saturating_add(self.stale)
    }

    /// What an age of `age` means. An answer exactly as old as a bound has passed it.
    #[must_use]
    pub fn freshness(&self, age: Duration) -> Freshness {
        if age < self.fresh {
            Freshness::Fresh
        } else if age < self.total() {
            Freshness::Stale
        } else {
            Freshness::Expired
        }
    }
}

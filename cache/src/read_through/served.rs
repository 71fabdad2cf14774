//! What a caller was given, and how it came about.

use std::time::Duration;

use crate::Entry;

/// What a caller was given, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Served {
    /// The answer; a refusal if it [is negative](Entry::is_negative).
    pub entry: Entry,
    /// Where it came from.
    pub how: How,
    /// How old it was when it was served, by the calendar.
    pub age: Duration,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum How {
    /// The cache, and it was fresh.
    Hit,
    /// The cache, and it was stale: a new one is fetched, unless that failed just now or too many are.
    Stale,
    /// The cache, and it was a remembered refusal; a stale one is fetched anew like an answer.
    Negative,
    /// A call that this caller made.
    Fetched,
    /// A call that another caller made at the same time.
    Joined,
}

impl Served {
    /// An answer of that age, and where it came from.
    #[must_use]
    pub const fn new(entry: Entry, how: How, age: Duration) -> Self {
        Self { entry, how, age }
    }

    /// Whether the cache had it, so that nobody was waited for.
    #[must_use]
    pub const fn is_cached(&self) -> bool {
        matches!(self.how, How::Hit | How::Stale | How::Negative)
    }

    /// Whether it is a refusal, remembered or new.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.entry.is_negative()
    }
}

//! What is kept: a response and what has to be known about it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use steadfast_clock::UnixNanos;

/// A response as it is kept. Cloning it does not copy the body.
///
/// `Debug` shows how long the body is and which notes there are, but no contents: they belong to somebody.
///
/// ```
/// use steadfast_cache::Entry;
/// use steadfast_clock::UnixNanos;
///
/// let entry = Entry::new("an answer", UnixNanos::from_secs(1_800_000_000)).note("model", "small-1");
/// assert_eq!(entry.size(), 9 + 5 + 7);
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The body. A slice of a larger buffer keeps all of that buffer alive: copy what is small.
    pub value: Bytes,
    /// When the answer was given, by the calendar, so that it means the same in every process.
    pub stored_at: UnixNanos,
    /// Notes on the answer, such as its content type or the model that gave it.
    pub meta: BTreeMap<String, String>,
}

impl Entry {
    /// An entry without notes.
    #[must_use]
    pub fn new(value: impl Into<Bytes>, stored_at: UnixNanos) -> Self {
        Self { value: value.into(), stored_at, meta: BTreeMap::new() }
    }

    /// The same entry with one note more; a note of that name that is already there is replaced.
    #[must_use]
    pub fn note(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.meta.insert(name.into(), text.into());
        self
    }

    /// The age at `now`; zero when the answer was given later than that.
    #[must_use]
    pub fn age(&self, now: UnixNanos) -> Duration {
        now.since(self.stored_at)
    }

    /// What the entry counts against a byte bound: the bytes of the body and of the notes with their names.
    #[must_use]
    pub fn size(&self) -> u64 {
        let notes: usize = self.meta.iter().map(|(name, text)| name.len() + text.len()).sum();
        (self.value.len() + notes) as u64
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("len", &self.value.len())
            .field("stored_at", &self.stored_at)
            .field("meta", &self.meta.keys())
            .finish()
    }
}

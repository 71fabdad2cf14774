//! What is kept: a response and what has to be known about it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use steadfast_clock::UnixNanos;

use crate::{Freshness, Lifetime, Saving};

/// A response as it is kept. Cloning it copies nothing.
///
/// `Debug` shows how long the body is and which notes there are, but no contents: they belong to somebody.
///
/// ```
/// use std::time::Duration;
/// use steadfast_cache::{Entry, Freshness, Lifetime};
/// use steadfast_clock::UnixNanos;
///
/// let noon = UnixNanos::from_secs(1_800_000_000);
/// let entry = Entry::new("an answer", noon)
///     .with_note("model", "small-1")
///     .with_lifetime(Lifetime::fresh_for(Duration::from_secs(60)).stale_for(Duration::from_secs(30)));
/// assert_eq!(entry.size(), 9 + 5 + 7);
/// assert_eq!(entry.freshness(noon.saturating_add(Duration::from_secs(75))), Freshness::Stale);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Entry(Arc<Facts>);

#[derive(Clone, PartialEq, Eq)]
struct Facts {
    value: Bytes,
    stored_at: UnixNanos,
    notes: BTreeMap<String, String>,
    lifetime: Option<Lifetime>,
    negative: bool,
    saving: Saving,
}

impl Entry {
    /// An answer that was given at `stored_at`, without notes and without a lifetime of its own.
    ///
    /// A body that is a slice of a larger buffer keeps all of that buffer alive: copy what is small.
    #[must_use]
    pub fn new(value: impl Into<Bytes>, stored_at: UnixNanos) -> Self {
        let value = value.into();
        let saving = Saving::NOTHING;
        Self(Arc::new(Facts { value, stored_at, notes: BTreeMap::new(), lifetime: None, negative: false, saving }))
    }

    /// The same entry with one note more; a note of that name that is already there is replaced.
    #[must_use]
    pub fn with_note(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.with(|facts| {
            facts.notes.insert(name.into(), text.into());
        })
    }

    /// The same entry with a lifetime of its own. A store may let go of it earlier, never later.
    #[must_use]
    pub fn with_lifetime(self, lifetime: Lifetime) -> Self {
        self.with(|facts| facts.lifetime = Some(lifetime))
    }

    /// The same entry, saying what each hit on it saves.
    #[must_use]
    pub fn with_saving(self, saving: Saving) -> Self {
        self.with(|facts| facts.saving = saving)
    }

    /// The same entry as a remembered refusal: the body tells what was refused, and there is no answer.
    #[must_use]
    pub fn negative(self) -> Self {
        self.with(|facts| facts.negative = true)
    }

    /// The body.
    #[must_use]
    pub fn value(&self) -> &Bytes {
        &self.0.value
    }

    /// When the answer was given, by the calendar, so that it means the same in every process.
    #[must_use]
    pub fn stored_at(&self) -> UnixNanos {
        self.0.stored_at
    }

    /// The text of the note called `name`.
    #[must_use]
    pub fn note(&self, name: &str) -> Option<&str> {
        self.0.notes.get(name).map(String::as_str)
    }

    /// Notes on the answer, such as its content type or the model that gave it, sorted by name.
    pub fn notes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.notes.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// How long the answer is good for; `None` when only the store decides.
    #[must_use]
    pub fn lifetime(&self) -> Option<Lifetime> {
        self.0.lifetime
    }

    /// Whether this is a remembered refusal and no answer.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.0.negative
    }

    /// What each hit saves.
    #[must_use]
    pub fn saving(&self) -> Saving {
        self.0.saving
    }

    /// The age at `now`; zero when the answer was given later than that.
    #[must_use]
    pub fn age(&self, now: UnixNanos) -> Duration {
        now.since(self.0.stored_at)
    }

    /// Whether the answer is still good at `now`, by its own lifetime.
    #[must_use]
    pub fn freshness(&self, now: UnixNanos) -> Freshness {
        self.0.lifetime.map_or(Freshness::Fresh, |lifetime| lifetime.freshness(self.age(now)))
    }

    /// What the entry counts against a byte bound: the bytes of the body and of the notes with their names.
    #[must_use]
    pub fn size(&self) -> u64 {
        let notes: usize = self.0.notes.iter().map(|(name, text)| name.len() + text.len()).sum();
        (self.0.value.len() + notes) as u64
    }

    fn with(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("len", &self.0.value.len())
            .field("stored_at", &self.0.stored_at)
            .field("notes", &self.0.notes.keys())
            .field("lifetime", &self.0.lifetime)
            .field("negative", &self.0.negative)
            .field("saving", &self.0.saving)
            .finish()
    }
}

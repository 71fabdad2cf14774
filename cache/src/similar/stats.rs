//! What an index was good for, and at what price.

/// What happened in a [`SimilarIndex`](crate::SimilarIndex) since it was made. Sums never go backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimilarStats {
    /// Look-ups.
    pub lookups: u64,
    /// Look-ups that found a text that is similar enough.
    pub hits: u64,
    /// Texts that look-ups were compared to.
    pub examined: u64,
    /// Texts that were let go to make room.
    pub evictions: u64,
}

impl SimilarStats {
    /// Nothing has happened.
    #[must_use]
    pub const fn new() -> Self {
        Self { lookups: 0, hits: 0, examined: 0, evictions: 0 }
    }
}

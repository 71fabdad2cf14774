//! What a cache was good for.

/// What happened in a cache since it was made. Sums never go backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Look-ups that found an entry, whatever it was.
    pub hits: u64,
    /// Hits on an entry that was stale.
    pub stale_hits: u64,
    /// Hits on a remembered refusal.
    pub negative_hits: u64,
    /// Look-ups that found none, or only one that had expired.
    pub misses: u64,
    /// Entries that were kept, those included that replaced an older one of their key.
    pub insertions: u64,
    /// Entries that were let go to make room before their time.
    pub evictions: u64,
    /// Entries that were let go because of their age, or because nobody had asked for them.
    pub expirations: u64,
    /// Tokens that the hits saved, as far as the entries told.
    pub tokens_saved: u64,
    /// Money that the hits saved, in millionths of a unit of the caller's currency.
    pub micros_saved: u64,
}

impl Stats {
    /// Nothing has happened.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            hits: 0,
            stale_hits: 0,
            negative_hits: 0,
            misses: 0,
            insertions: 0,
            evictions: 0,
            expirations: 0,
            tokens_saved: 0,
            micros_saved: 0,
        }
    }

    /// The share of look-ups that found an entry, `0.0 ..= 1.0`; `None` before the first look-up.
    #[must_use]
    pub fn hit_rate(&self) -> Option<f64> {
        let lookups = self.hits.saturating_add(self.misses);
        (lookups > 0).then(|| self.hits as f64 / lookups as f64)
    }
}

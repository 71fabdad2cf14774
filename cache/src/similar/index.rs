//! The shared handle on an index of similar texts.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::builder::SimilarIndexBuilder;
use super::hashes::Hashes;
use super::stats::SimilarStats;
use super::table::Table;
use super::tokens::TokenSet;
use crate::{CacheKey, ConfigError};

/// Finds the text that has nearly the same words as another, and tells the key that its answer is kept under; clones
/// share it.
///
/// **What it finds is a guess.** Texts of the same words may mean different things: "a man bites a dog" and "a dog bites
/// a man" are of similarity 1, and one "not" more is a small difference. Use it where an answer to nearly the same
/// question will do, and show that it is one: what is found is [`Similar`], never a hit like any other.
///
/// - Only texts of one partition are compared: take [`PromptKey::partition`](crate::PromptKey::partition), and a
///   [`scope`](crate::PromptKey::scope) in it wherever tenants share an index.
/// - A text of the same words is always found. One that is just as similar as the threshold is found with a probability
///   of at least 0.99 (from a threshold of 0.03 on; [`recall`](Self::recall) tells it exactly), and a more similar one
///   with a higher one, unless 64 newer texts stand before it in every band that they share.
/// - Nothing below the threshold is ever found: whatever is found was compared word by word, with 64 bits of SHA-256 for
///   each.
/// - A look-up compares a small share of the texts: MinHash signatures (Broder 1997) in bands (Leskovec, Rajaraman and
///   Ullman, "Mining of Massive Datasets", chapter 3), from a random seed of each index, and never more than 64 texts of
///   a band.
/// - A text takes about 1 KiB at a threshold of 0.9, 1.5 KiB at 0.7 and 2 KiB at 0.5, and 8 bytes for each different word
///   of it.
/// - When the index is full it lets go of the text that was put in first.
///
/// ```
/// use steadfast_cache::{PromptKey, SimilarIndex, TokenSet};
///
/// let index = SimilarIndex::builder().threshold(0.8).capacity(10_000).build()?;
/// let ask = |text| PromptKey::new("openai", "gpt-5").system("You are terse.").message("user", text);
///
/// let asked = ask("Please tell me why the sky is blue");
/// let partition = asked.partition().ok_or("no text to compare")?;
/// index.insert(partition, &TokenSet::of("Please tell me why the sky is blue"), asked.finish());
///
/// let found = index.nearest(partition, &TokenSet::of("Tell me, please: why is the sky blue, then?"));
/// assert!(found.is_some_and(|found| found.key == asked.finish() && found.similarity == 8.0 / 9.0));
/// assert_eq!(index.nearest(partition, &TokenSet::of("Please tell me why the sea is salty")), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SimilarIndex {
    shared: Arc<Shared>,
}

struct Shared {
    hashes: Hashes,
    max_tokens: usize,
    table: Mutex<Table>,
}

/// A text that has nearly the same words, by the key of its answer: not the answer to what was asked, but to something
/// like it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Similar {
    /// What the answer is kept under. Where it is kept no longer, [remove](SimilarIndex::remove) it from the index too.
    pub key: CacheKey,
    /// The share of the words of either text that are in both, from the threshold to 1.0. A 1.0 means the same words,
    /// not the same text.
    pub similarity: f64,
}

impl SimilarIndex {
    /// An index of at most `capacity` texts.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when the threshold is not within `0 < t ≤ 1`, or the capacity is zero.
    pub fn new(threshold: f64, capacity: u32) -> Result<Self, ConfigError> {
        Self::builder().threshold(threshold).capacity(capacity).build()
    }

    /// Begins a configuration.
    pub const fn builder() -> SimilarIndexBuilder {
        SimilarIndexBuilder::new()
    }

    pub(super) fn over(hashes: Hashes, max_tokens: usize, table: Table) -> Self {
        Self { shared: Arc::new(Shared { hashes, max_tokens, table: Mutex::new(table) }) }
    }

    /// Files a text under the key of its answer; tells whether it did. A text without words, or with more different ones
    /// than the index allows, is not filed.
    ///
    /// What was filed under `key` before is gone in either case, and so is a text of the very same words in this
    /// partition.
    #[expect(clippy::must_use_candidate, reason = "filing is the point, the outcome a courtesy")]
    pub fn insert(&self, partition: CacheKey, tokens: &TokenSet, key: CacheKey) -> bool {
        if tokens.is_empty() || tokens.len() > self.shared.max_tokens {
            self.remove(&key);
            return false;
        }
        let signature = self.shared.hashes.signature(&partition, tokens.tokens());
        let tokens = tokens.clone();
        self.lock().insert(partition, tokens, &signature, key);
        true
    }

    /// The most similar text that was found in this partition, the newest where several are; `None` when none was found
    /// that is similar enough.
    #[must_use]
    pub fn nearest(&self, partition: CacheKey, tokens: &TokenSet) -> Option<Similar> {
        let signature = self.shared.hashes.signature(&partition, tokens.tokens());
        self.lock().nearest(&partition, tokens, &signature)
    }

    /// Forgets what is filed under `key`; tells whether there was something.
    #[expect(clippy::must_use_candidate, reason = "forgetting is the point, the outcome a courtesy")]
    pub fn remove(&self, key: &CacheKey) -> bool {
        self.lock().remove(key)
    }

    /// How many texts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The probability that a text of this similarity is compared, over the seeds of an index.
    #[must_use]
    pub fn recall(&self, similarity: f64) -> f64 {
        self.shared.hashes.shape().recall(similarity.clamp(0.0, 1.0))
    }

    /// What happened so far.
    #[must_use]
    pub fn stats(&self) -> SimilarStats {
        self.lock().stats()
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.shared.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SimilarIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.lock();
        f.debug_struct("SimilarIndex").field("len", &table.len()).field("stats", &table.stats()).finish_non_exhaustive()
    }
}

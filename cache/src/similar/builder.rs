//! How an index of similar texts is configured.

use std::hash::{BuildHasher, RandomState};

use super::bands::Bands;
use super::hashes::Hashes;
use super::index::SimilarIndex;
use super::table::Table;
use crate::ConfigError;

/// The bounds of a [`SimilarIndex`]: a threshold of 0.9, 10,000 texts and 512 different words a text unless told
/// otherwise. Made by [`SimilarIndex::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct SimilarIndexBuilder {
    threshold: f64,
    capacity: u32,
    max_tokens: usize,
    seed: Option<u64>,
}

impl SimilarIndexBuilder {
    pub(super) const fn new() -> Self {
        Self { threshold: 0.9, capacity: 10_000, max_tokens: 512, seed: None }
    }

    /// Texts are similar from this share of common words on, `0 < t ≤ 1`. The lower it is, the more texts a look-up
    /// compares.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// At most this many texts, at least 1.
    pub fn capacity(mut self, texts: u32) -> Self {
        self.capacity = texts;
        self
    }

    /// Texts of more different words than this are not filed; at least 1.
    pub fn max_tokens(mut self, words: usize) -> Self {
        self.max_tokens = words;
        self
    }

    /// The hash functions are drawn from this number, for tests that are to be repeated: whoever knows it can make texts
    /// that slow the index down. Without it each index draws its own.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The index, empty.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when the threshold is not within `0 < t ≤ 1`, or a bound is zero.
    pub fn build(self) -> Result<SimilarIndex, ConfigError> {
        if !(self.threshold > 0.0 && self.threshold <= 1.0) {
            return Err(ConfigError::Threshold);
        }
        if self.capacity == 0 {
            return Err(ConfigError::ZeroCapacity);
        }
        if self.max_tokens == 0 {
            return Err(ConfigError::ZeroTokens);
        }
        let shape = Bands::for_threshold(self.threshold);
        let seed = self.seed.unwrap_or_else(|| RandomState::new().hash_one("seed"));
        let table = Table::new(self.threshold, self.capacity, 1 + shape.bands);
        Ok(SimilarIndex::over(Hashes::new(shape, seed), self.max_tokens, table))
    }
}

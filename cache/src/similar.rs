//! Answers to questions of nearly the same words.

mod bands;
mod builder;
mod hashes;
mod index;
mod stats;
mod table;
mod tokens;

pub use builder::SimilarIndexBuilder;
pub use index::{Similar, SimilarIndex};
pub use stats::SimilarStats;
pub use tokens::TokenSet;

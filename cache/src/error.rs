//! What can go wrong: with a cache that is elsewhere, and with a configuration.

use std::error::Error;

/// Why a cache could not say whether it holds an entry. Go on as if it did not: a cache is never the only source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The store was not reached, or did not answer.
    #[error("the cache is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The store answered with something that is not an entry.
    #[error("the cache holds something that is not an entry")]
    Corrupt(#[source] Box<dyn Error + Send + Sync>),
}

/// Why a [`MemoryCache`](crate::MemoryCache) cannot be built as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A capacity of no entries.
    #[error("capacity is 0 entries; it must be at least 1")]
    ZeroCapacity,
    /// A bound of no bytes.
    #[error("max_bytes is 0; it must be at least 1")]
    ZeroBytes,
    /// A lifetime of no time.
    #[error("ttl is zero; it must be longer")]
    ZeroTtl,
    /// A time without use of no time.
    #[error("idle is zero; it must be longer")]
    ZeroIdle,
    /// No lock at all.
    #[error("shards is 0; it must be at least 1")]
    ZeroShards,
    /// More locks than anyone has threads.
    #[error("shards is more than 1024, which is the most")]
    TooManyShards,
    /// A similarity that no two texts have, or that all have.
    #[error("threshold must be above 0 and at most 1")]
    Threshold,
    /// Texts without words.
    #[error("max_tokens is 0; it must be at least 1")]
    ZeroTokens,
}

#![doc = include_str!("../README.md")]

mod entry;
mod key;
mod lifetime;
mod saving;

mod stats;

mod cache;
mod error;

mod memory;
mod tiered;

#[cfg(feature = "tokio")]
mod flight;
#[cfg(feature = "tokio")]
mod read_through;

#[cfg(feature = "disk")]
mod disk;

#[cfg(feature = "prompt")]
mod prompt;
#[cfg(feature = "prompt")]
mod recording;
#[cfg(feature = "prompt")]
mod tape;

#[cfg(feature = "similar")]
mod similar;

pub use cache::Cache;
#[cfg(feature = "disk")]
pub use disk::{DiskCache, DiskCacheBuilder, DiskNotice, OpenError};
pub use entry::Entry;
pub use error::{CacheError, ConfigError};
#[cfg(feature = "tokio")]
pub use flight::{FlightError, Follower, SingleFlight};
pub use key::CacheKey;
pub use lifetime::{Freshness, Lifetime};
pub use memory::{MemoryCache, MemoryCacheBuilder};
#[cfg(feature = "tokio")]
pub use read_through::{Fetched, How, ReadThrough, ReadThroughBuilder, ReadThroughStats, Served};
pub use saving::Saving;
pub use stats::Stats;
pub use tiered::{Tier, Tiered, TieredStats};

#[cfg(feature = "prompt")]
pub use prompt::{Cacheable, Normalise, Part, PromptFacts, PromptKey, Rule, Tools, Uncacheable};
#[cfg(feature = "prompt")]
pub use recording::{Recording, Replay};
#[cfg(feature = "similar")]
pub use similar::{Similar, SimilarIndex, SimilarIndexBuilder, SimilarStats, TokenSet};
#[cfg(feature = "prompt")]
pub use tape::{Overlong, Tape};

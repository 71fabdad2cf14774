#![doc = include_str!("../README.md")]

mod entry;
mod key;
mod lifetime;
mod saving;

mod order;
mod table;

mod builder;
mod lru;
mod stats;

mod cache;
mod error;

pub use builder::LruBuilder;
pub use cache::Cache;
pub use entry::Entry;
pub use error::{CacheError, ConfigError};
pub use key::CacheKey;
pub use lifetime::{Freshness, Lifetime};
pub use lru::Lru;
pub use saving::Saving;
pub use stats::Stats;

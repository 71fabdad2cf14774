//! Limits for [tower](https://docs.rs/tower-service) services: [`RateLimitLayer`] refuses what comes too often,
//! [`WaitLayer`] has it wait in line.

mod concurrency;
mod error;
mod future;
mod keyed;
mod layer;
mod service;
#[cfg(all(feature = "tokio", target_has_atomic = "64"))]
mod wait;

pub use concurrency::{ConcurrencyError, ConcurrencyFuture, ConcurrencyLayer, ConcurrencyLimit};
pub use error::Error;
pub use future::ResponseFuture;
pub use keyed::{KeyedLayer, KeyedLimit};
pub use layer::RateLimitLayer;
pub use service::RateLimit;
#[cfg(all(feature = "tokio", target_has_atomic = "64"))]
pub use wait::{Wait, WaitFuture, WaitLayer};

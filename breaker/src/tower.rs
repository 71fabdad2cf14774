//! A breaker around a [tower](https://docs.rs/tower-service) service: [`BreakerLayer`].

mod future;
mod layer;
mod service;

pub use self::future::BreakerFuture;
pub use self::layer::{BreakerLayer, ByResult, Classify};
pub use self::service::BreakerService;

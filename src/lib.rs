//! Crates that keep outbound calls alive, under one roof.

pub use steadfast_clock as clock;
#[cfg(feature = "backoff")]
pub use steadfast_backoff as backoff;
#[cfg(feature = "ratelimit")]
pub use steadfast_ratelimit as ratelimit;
#[cfg(feature = "breaker")]
pub use steadfast_breaker as breaker;
#[cfg(feature = "telemetry")]
pub use steadfast_telemetry as telemetry;
#[cfg(feature = "cache")]
pub use steadfast_cache as cache;
#[cfg(feature = "pool")]
pub use steadfast_pool as pool;
#[cfg(feature = "providers")]
pub use steadfast_providers as providers;
#[cfg(feature = "delivery")]
pub use steadfast_delivery as delivery;
#[cfg(feature = "testkit")]
pub use steadfast_testkit as testkit;

//! Keep outbound calls alive: the crates of the family under one name, each behind a feature of its own.
#![cfg_attr(any(not(doctest), all(feature = "full", feature = "testkit")), doc = include_str!("../README.md"))]

#[doc(inline)]
pub use steadfast_clock as clock;

#[cfg(feature = "backoff")]
#[doc(inline)]
pub use steadfast_backoff as backoff;
#[cfg(feature = "breaker")]
#[doc(inline)]
pub use steadfast_breaker as breaker;
#[cfg(feature = "cache")]
#[doc(inline)]
pub use steadfast_cache as cache;
#[cfg(feature = "ratelimit")]
#[doc(inline)]
pub use steadfast_ratelimit as ratelimit;
#[cfg(feature = "telemetry")]
#[doc(inline)]
pub use steadfast_telemetry as telemetry;

#[cfg(feature = "pool")]
#[doc(inline)]
pub use steadfast_pool as pool;

#[cfg(feature = "delivery")]
#[doc(inline)]
pub use steadfast_delivery as delivery;
#[cfg(feature = "providers")]
#[doc(inline)]
pub use steadfast_providers as providers;

#[cfg(feature = "testkit")]
#[doc(inline)]
pub use steadfast_testkit as testkit;

//! Integration tests of `steadfast-pool`: one file per topic.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod admit;
mod breaker;
#[cfg(feature = "cache")]
mod cached;
mod chunked;
mod close;
#[cfg(feature = "cache")]
mod coalesce;
#[cfg(feature = "hyper")]
mod conformance;
#[cfg(feature = "hyper")]
mod connections;
mod contract;
#[cfg(all(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd"))]
mod decompress;
mod described;
#[cfg(feature = "hyper")]
mod dns;
mod events;
#[cfg(feature = "serde")]
mod files;
mod hedge;
mod held;
mod hosts;
#[cfg(feature = "hyper")]
mod http2;
mod identity;
#[cfg(feature = "hyper")]
mod idle;
mod laws;
mod layers;
#[cfg(feature = "hyper")]
mod leave;
mod limits;
mod log;
mod metrics;
#[cfg(feature = "reqwest_middleware_0_5")]
mod middleware;
mod mock;
mod multipart;
mod places;
#[cfg(feature = "hyper")]
mod proof;
#[cfg(feature = "hyper")]
mod proxy;
mod redirect;
mod resend;
mod retry;
mod rig;
mod secrets;
mod service;
mod span;
mod sse;
mod stream;
mod surface;
mod timeouts;
#[cfg(feature = "hyper")]
mod tls;
mod traced;
mod transport;
#[cfg(feature = "hyper")]
mod transports;
#[cfg(feature = "hyper")]
mod wire;

#![doc = include_str!("../README.md")]

mod config;
mod pool;

mod body;
mod context;
mod multipart;
mod pace;
mod request;
mod response;
mod streaming;
mod timeouts;

mod admit;
mod attempt;
mod classify;
#[cfg(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd"))]
mod coding;
#[cfg(not(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd")))]
#[path = "coding/none.rs"]
mod coding;
mod error;
mod event;

mod attached;
mod gate;
mod hedging;
mod host;
mod host_client;
mod identity;
mod metrics;
mod pipeline;
mod place;
mod race;
mod redact;
mod redirects;

#[cfg(any(feature = "hyper", feature = "reqwest"))]
mod proxy;
#[cfg(any(feature = "hyper", feature = "reqwest"))]
mod resolve;
#[cfg(any(feature = "hyper", feature = "reqwest"))]
mod tls;

#[cfg(feature = "cache")]
mod response_cache;
#[cfg(feature = "cache")]
mod sharing;
mod sse;
mod trace;
mod transport;

#[cfg(any(feature = "tower", feature = "reqwest_middleware_0_5"))]
mod adopted;
#[cfg(any(feature = "tower", feature = "reqwest_middleware_0_5"))]
mod extensions;
#[cfg(any(feature = "tower", feature = "reqwest_middleware_0_5"))]
mod pool_body;

pub mod guide;
#[cfg(feature = "reqwest_middleware_0_5")]
pub mod middleware;
#[cfg(feature = "mock")]
pub mod mock;
#[cfg(feature = "tower")]
pub mod tower;

pub use admit::{Admit, AdmitFuture, Entry, Pass, Refused};
pub use attempt::{Attempt, Reached};
pub use body::{Body, BoxBody};
pub use classify::{Answer, Classify, Judgement};
pub use config::{HostConfig, PoolConfig};
pub use context::{CallContext, Resend};
pub use error::{Error, ErrorKind, Phase};
pub use event::{Event, Observer};
#[cfg(any(feature = "tower", feature = "reqwest_middleware_0_5"))]
pub use extensions::Scope;
pub use hedging::Hedging;
pub use host_client::HostClient;
pub use metrics::PoolMetrics;
pub use multipart::{Multipart, Part};
pub use pace::Pace;
pub use pool::{Pool, PoolBuilder};
#[cfg(any(feature = "tower", feature = "reqwest_middleware_0_5"))]
pub use pool_body::PoolBody;
#[cfg(any(feature = "hyper", feature = "reqwest"))]
pub use proxy::{Proxies, Proxy};
pub use redact::redacted;
pub use redirects::Redirects;
pub use request::Request;
#[cfg(any(feature = "hyper", feature = "reqwest"))]
pub use resolve::{Resolve, ResolveFuture};
pub use response::Response;
#[cfg(feature = "cache")]
pub use response_cache::{CacheMode, Cached, ResponseCache};
pub use sse::{Resume, SseDecoder, SseError, SseEvent, SseEvents};
pub use streaming::Streaming;
pub use timeouts::Timeouts;
#[cfg(any(feature = "hyper", feature = "reqwest"))]
pub use tls::{Pin, Tls};
pub use trace::{InvalidTraceParent, TraceParent};
#[cfg(feature = "hyper")]
pub use transport::HyperTransport;
#[cfg(feature = "reqwest")]
pub use transport::ReqwestTransport;
pub use transport::{
    CloseFuture, Connected, Connections, Exchange, Inbound, InboundBody, Outbound, SendFuture, Transport,
    TransportError, TransportErrorKind, WarmFuture,
};

pub use steadfast_backoff as backoff;
pub use steadfast_breaker as breaker;
#[cfg(feature = "cache")]
pub use steadfast_cache as cache;
pub use steadfast_ratelimit as ratelimit;
pub use steadfast_telemetry as telemetry;

//! Layers for [tower](https://docs.rs/tower-service) services: [`RetryLayer`] and [`HedgeLayer`].
//!
//! ```
//! use std::sync::atomic::{AtomicUsize, Ordering};
//!
//! use steadfast_backoff::tower::RetryLayer;
//! use steadfast_backoff::{Policy, StatusSet, Verdict};
//! use steadfast_clock::TokioTimer;
//! use tower::{Layer, Service, ServiceExt, service_fn};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
//! static CALLS: AtomicUsize = AtomicUsize::new(0);
//! let device = service_fn(|_path: &str| async {
//!     let call = CALLS.fetch_add(1, Ordering::Relaxed);
//!     Ok::<u16, std::io::Error>([503, 429, 200][call])
//! });
//!
//! let judge = |answer: &Result<u16, std::io::Error>| match answer {
//!     Ok(status) => StatusSet::STANDARD.verdict(*status, None),
//!     Err(_) => Verdict::retry(),
//! };
//! let mut device = RetryLayer::new(Policy::http(), TokioTimer::new(), judge).layer(device);
//! assert_eq!(device.ready().await.unwrap().call("/version").await.unwrap(), 200);
//! # });
//! ```

mod future;
mod hedge;
mod layer;
mod service;

pub use future::ResponseFuture;
pub use hedge::{Hedge, HedgeFuture, HedgeLayer};
pub use layer::RetryLayer;
pub use service::Retry;

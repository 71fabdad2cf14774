//! The pool among [tower](https://docs.rs/tower-service) services: [`PoolService`] is a pool as a service, and
//! [`TowerTransport`] a service as what a pool sends over.
//!
//! ```
//! use http_body_util::BodyExt;
//! use steadfast_pool::CallContext;
//! use steadfast_pool::mock::{MockPool, MockResponse};
//! use tower::{Service, ServiceBuilder, ServiceExt};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let pool = MockPool::new();
//! pool.add_response("api.example.com", MockResponse::status(503));
//! pool.add_response("api.example.com", MockResponse::status(200).body("hello"));
//!
//! let mut service = ServiceBuilder::new()
//!     .map_request(|path: &str| {
//!         let request = http::Request::get(format!("https://api.example.com{path}"));
//!         request.extension(CallContext::new()).body(String::new()).unwrap()
//!     })
//!     .service(pool.service());
//! let answer = service.ready().await?.call("/v1/models").await?;
//! assert_eq!(answer.into_body().collect().await?.to_bytes(), "hello");
//! assert_eq!(pool.metrics().retries, 1);
//! # Ok::<(), steadfast_pool::Error>(())
//! # }).unwrap();
//! ```

mod request;
mod service;
mod transport;

pub use service::{PoolService, ResponseFuture};
pub use transport::TowerTransport;

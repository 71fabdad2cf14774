//! The pool beneath a [`reqwest-middleware`](reqwest_middleware) client: [`SteadfastMiddleware`].
//!
//! For programs that hold a `ClientWithMiddleware` in many places: the client stays, what it sends goes through the pool.
//!
//! ```
//! use reqwest_middleware::ClientBuilder;
//! use steadfast_pool::middleware::SteadfastMiddleware;
//! use steadfast_pool::mock::{MockPool, MockResponse};
//!
//! # rustls::crypto::ring::default_provider().install_default().ok();
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let pool = MockPool::new();
//! pool.add_response("api.example.com", MockResponse::status(503).header("retry-after", "30"));
//! pool.add_response("api.example.com", MockResponse::status(200).body("hello"));
//!
//! let client = ClientBuilder::new(reqwest::Client::new()).with(SteadfastMiddleware::new(pool.pool().clone())).build();
//! let answer = client.get("https://api.example.com/v1/models").send().await?;
//! assert_eq!(answer.text().await?, "hello");
//! assert_eq!(pool.metrics().retries, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod answer;
mod handle;

pub use handle::SteadfastMiddleware;

//! The pool in tests: scripted answers and faults instead of a network, and a clock that waits for nobody.
//!
//! [`MockPool`] is a [`Pool`](crate::Pool) that runs its whole pipeline, retries, limits and breakers too, over a
//! [`MockTransport`] that plays what it was told. No sockets are opened, and waits take no time: when nothing else can
//! happen, the clock moves on to what is due next.
//!
//! ```
//! use std::time::Duration;
//! use steadfast_pool::Request;
//! use steadfast_pool::mock::{MockFault, MockPool, MockResponse, When};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let pool = MockPool::new();
//! pool.add_response("api.example.com", MockResponse::status(200).body(r#"{"result":"success"}"#));
//! pool.when(When::post("slow.example.com").path_prefix("/v1/"))
//!     .then(MockFault::refused())
//!     .then(MockResponse::status(503).header("retry-after", "30"))
//!     .then(MockResponse::status(200).body("at last").latency(Duration::from_secs(10)));
//!
//! // The code under test takes a `Pool`: `&pool` is one.
//! let answer = pool.execute(Request::get("https://api.example.com/")?).await?;
//! assert_eq!(answer.json::<serde_json::Value>()?["result"], "success");
//! let answer = pool.execute(Request::post("https://slow.example.com/v1/chat")?.body("hello")).await?;
//! assert_eq!((answer.text().as_str(), answer.attempts().len()), ("at last", 3));
//!
//! // Everything that was scripted came, and nothing else did.
//! pool.verify()?;
//! assert_eq!(pool.requests()[1].text(), "hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod body;
mod pool;
mod recorded;
mod reply;
mod response;
mod route;
mod time;
mod transport;
mod unmet;
mod when;

pub use pool::MockPool;
pub use recorded::Recorded;
pub use reply::{MockFault, MockReply};
pub use response::MockResponse;
pub use route::MockRoute;
pub use transport::MockTransport;
pub use unmet::{Missing, Unmet, VerifyOnDrop};
pub use when::When;

//! Integration tests of `steadfast-testkit`: one file per topic, all over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod anthropic;
mod broken;
mod chaos;
mod client;
mod contract;
mod dead_port;
mod device;
mod faults;
mod fleet;
#[cfg(feature = "http2")]
mod http2;
mod keep_alive;
mod laws;
mod llm;
mod openai;
#[cfg(feature = "proxy")]
mod proxy;
mod requests;
mod script_file;
mod server;
mod timing;
#[cfg(feature = "tls")]
mod tls;
mod upload;

//! Servers over TLS, met by a rustls client that trusts the test's authority.

mod certificates;
mod client;
mod handshakes;

#[cfg(feature = "http2")]
pub(crate) use client::ask;
pub(crate) use client::{config, dial, refusal};

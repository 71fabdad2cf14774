//! HTTP/2 for the servers, on the `h2` crate, with the faults of connections and streams.

mod connection;
mod frames;
mod request;
mod settings;
mod stream;
mod tap;

pub(crate) use connection::serve;
pub use settings::Http2;

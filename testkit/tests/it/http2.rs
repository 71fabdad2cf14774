//! Servers over HTTP/2, met by the `h2` crate's client.

mod client;
mod connections;
mod faults;
mod requests;

pub(crate) use client::{Client, finish};

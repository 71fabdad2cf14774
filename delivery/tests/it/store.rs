//! Stores: one suite for all of them, then what each has of its own.

mod conformance;
#[cfg(feature = "sqlite")]
mod faults;
pub(crate) mod kit;
#[cfg(feature = "sqlite")]
mod sharing;

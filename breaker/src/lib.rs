#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod config_error;
mod growth;
mod outcome;
mod rate;
mod rejected;
mod rule;
mod state;
mod ticket;
mod transition;
mod trip;

mod machine;
mod probes;
mod ramp;
mod window;

mod breaker;
mod observer;

#[cfg(all(feature = "std", target_has_atomic = "64"))]
mod circuit;
#[cfg(all(feature = "std", target_has_atomic = "64"))]
mod permit;
#[cfg(all(feature = "std", target_has_atomic = "64"))]
mod registry;
#[cfg(all(feature = "std", target_has_atomic = "64"))]
mod sync;

#[cfg(all(feature = "tower", target_has_atomic = "64"))]
pub mod tower;

pub use breaker::Breaker;
#[cfg(all(feature = "std", target_has_atomic = "64"))]
pub use circuit::{CallError, CircuitBreaker};
pub use config_error::ConfigError;
pub use growth::{Growth, OpenTime};
pub use machine::Machine;
pub use observer::Observer;
pub use outcome::Outcome;
#[cfg(all(feature = "std", target_has_atomic = "64"))]
pub use permit::{OwnedPermit, Permit};
pub use rate::{Over, Rate, Slow};
#[cfg(all(feature = "std", target_has_atomic = "64"))]
pub use registry::{Registry, Summary};
pub use rejected::Rejected;
pub use rule::Rule;
pub use state::{Mode, State, Status};
pub use ticket::Ticket;
pub use transition::{Reason, Transition};
pub use trip::Trip;

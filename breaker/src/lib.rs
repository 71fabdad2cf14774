#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod config_error;
mod outcome;
mod rejected;
mod rule;
mod state;
mod ticket;
mod transition;

mod machine;
mod probes;
mod window;

mod breaker;
mod observer;

#[cfg(all(feature = "std", target_has_atomic = "64"))]
mod circuit;
#[cfg(all(feature = "std", target_has_atomic = "64"))]
mod permit;

pub use breaker::Breaker;
#[cfg(all(feature = "std", target_has_atomic = "64"))]
pub use circuit::CircuitBreaker;
pub use config_error::ConfigError;
pub use machine::Machine;
pub use observer::Observer;
pub use outcome::Outcome;
#[cfg(all(feature = "std", target_has_atomic = "64"))]
pub use permit::{OwnedPermit, Permit};
pub use rejected::Rejected;
pub use rule::Rule;
pub use state::{State, Status};
pub use ticket::Ticket;
pub use transition::{Reason, Transition};

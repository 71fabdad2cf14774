#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod nanos;

mod blocking;
mod clock;
mod timer;

#[cfg(feature = "std")]
mod coarse;
#[cfg(feature = "serde")]
pub mod human;
#[cfg(feature = "std")]
mod manual;
#[cfg(feature = "std")]
mod system;
#[cfg(feature = "tokio")]
mod tokio;
#[cfg(feature = "tsc")]
mod tsc;

pub use blocking::BlockingTimer;
pub use clock::{Clock, Wall};
#[cfg(feature = "std")]
pub use coarse::Coarse;
#[cfg(feature = "std")]
pub use manual::{ManualClock, ManualCoarse, ManualSleep};
pub use nanos::{Nanos, UnixNanos};
#[cfg(feature = "std")]
pub use system::System;
pub use timer::{BoxSleep, SharedTimer, Timer, shared};
#[cfg(feature = "tokio")]
pub use tokio::{TokioSleep, TokioTimeout, TokioTimeouts, TokioTimer};
#[cfg(feature = "tsc")]
pub use tsc::Tsc;

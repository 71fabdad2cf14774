#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod config_error;
mod decision;
mod quota;

mod gcra;
mod scale;

mod limiter;

#[cfg(target_has_atomic = "64")]
mod rate_limiter;

#[cfg(all(feature = "tokio", target_has_atomic = "64"))]
mod acquire;
#[cfg(all(feature = "tokio", target_has_atomic = "64"))]
mod line;

pub use config_error::ConfigError;
pub use decision::{Decision, Denied, Grant};
pub use gcra::Gcra;
pub use limiter::Limiter;
pub use quota::Quota;
#[cfg(target_has_atomic = "64")]
pub use rate_limiter::RateLimiter;

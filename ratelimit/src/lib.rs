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
mod cell;
#[cfg(target_has_atomic = "64")]
mod rate_limiter;
#[cfg(target_has_atomic = "64")]
mod slot;
#[cfg(target_has_atomic = "64")]
mod sync;

mod lease;

#[cfg(all(feature = "std", target_has_atomic = "64"))]
mod adaptive;
#[cfg(all(feature = "calendar", target_has_atomic = "64"))]
mod calendar;
#[cfg(all(feature = "std", target_has_atomic = "64"))]
mod concurrency;
#[cfg(target_has_atomic = "64")]
mod follow;
#[cfg(all(feature = "std", target_has_atomic = "64"))]
mod keyed;
#[cfg(all(feature = "std", target_has_atomic = "64"))]
mod limits;

#[cfg(all(feature = "tokio", target_has_atomic = "64"))]
mod acquire;
#[cfg(all(feature = "tokio", target_has_atomic = "64"))]
mod line;

#[cfg(feature = "tower")]
pub mod tower;

#[cfg(all(feature = "std", target_has_atomic = "64"))]
pub use adaptive::{AdaptiveConcurrency, AdaptivePermit, Aimd, AimdError, Level, OwnedAdaptivePermit, Sample, Signal};
#[cfg(all(feature = "calendar", feature = "serde", target_has_atomic = "64"))]
pub use calendar::CalendarConfig;
#[cfg(all(feature = "calendar", target_has_atomic = "64"))]
pub use calendar::{CalendarBudget, CalendarError, Period};
#[cfg(all(feature = "std", target_has_atomic = "64"))]
pub use concurrency::{Busy, Concurrency, InFlight, OwnedInFlight};
pub use config_error::ConfigError;
pub use decision::{Decision, Denied, Grant};
#[cfg(target_has_atomic = "64")]
pub use follow::Observed;
pub use gcra::Gcra;
#[cfg(all(feature = "serde", target_has_atomic = "64"))]
pub use keyed::KeyedConfig;
#[cfg(all(feature = "std", target_has_atomic = "64"))]
pub use keyed::{KeyHasher, KeyRef, Keyed, Plan, SeededHash, TooManyPlans};
pub use lease::Lease;
pub use limiter::Limiter;
#[cfg(all(feature = "std", target_has_atomic = "64"))]
pub use limits::{Limits, LimitsError, Reservation, WrongCosts};
pub use quota::Quota;
#[cfg(target_has_atomic = "64")]
pub use rate_limiter::RateLimiter;

#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod error;
mod schedule;
mod sync;

mod jitter;
mod policy;
mod presets;
mod spread;

mod budget;
mod carried;
pub mod retry_after;
mod status;
mod transient;
mod verdict;

mod retry;
mod stop;

#[cfg(feature = "rand")]
mod entropy;

mod driver;
mod hedge;
#[cfg(feature = "tracing")]
mod log;
mod outcome;
#[cfg(feature = "rand")]
mod retryable;
mod retrying;

#[cfg(feature = "serde")]
mod config;
#[cfg(doctest)]
mod strategy;
#[cfg(feature = "tower")]
pub mod tower;

pub use budget::{Budget, Unlimited};
#[cfg(target_has_atomic = "64")]
pub use budget::{RetryBudget, RetryBudgetBuilder};
pub use carried::Carried;
pub use driver::{Driver, Timed, Untimed};
#[cfg(feature = "rand")]
pub use entropy::{Entropy, entropy};
pub use error::ConfigError;
pub use hedge::{Hedge, HedgeDelay, HedgeFailed, Hedged, HeldBack, Race};
#[cfg(target_has_atomic = "64")]
pub use hedge::{HedgeQuantile, Latency};
pub use jitter::Jitter;
pub use outcome::{Failed, Success};
pub use policy::Policy;
pub use retry::{Next, Retry, Wait};
#[cfg(feature = "rand")]
pub use retryable::{By, Itself, Retried, Retryable};
pub use retrying::Retrying;
pub use schedule::{
    AnySchedule, Constant, Decorrelated, Exponential, ExponentialBuilder, Fibonacci, FibonacciBuilder, Linear,
    LinearBuilder, List, Schedule, Step, Waits,
};
pub use status::StatusSet;
pub use stop::Stop;
pub use transient::{Judged, NonRetryable, Transient};
pub use verdict::Verdict;

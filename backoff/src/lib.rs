#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod error;
mod schedule;

mod exponential;
mod jitter;
mod policy;
mod presets;

mod budget;
pub mod retry_after;
mod status;
mod verdict;

mod retry;
mod stop;

#[cfg(feature = "rand")]
mod entropy;

mod driver;
mod outcome;
mod retrying;

pub use budget::{Budget, Unlimited};
pub use driver::Driver;
#[cfg(feature = "rand")]
pub use entropy::{Entropy, entropy};
pub use error::ConfigError;
pub use exponential::{Exponential, ExponentialBuilder};
pub use jitter::Jitter;
pub use outcome::{Failed, Success};
pub use policy::Policy;
pub use retry::{Next, Retry, Wait};
pub use retrying::Retrying;
pub use schedule::{Schedule, Step};
pub use status::StatusSet;
pub use stop::Stop;
pub use verdict::Verdict;

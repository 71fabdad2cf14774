#![doc = include_str!("../README.md")]

mod chunks;
mod key;
mod shards;
mod sync;

mod counter;
mod gauge;
mod histogram;
mod layout;
mod timed;

mod recorder;
mod registry;
mod window;

mod rate;
mod snapshot;

mod calls;

#[cfg(any(feature = "json", feature = "metrics", feature = "otlp", feature = "prometheus"))]
pub mod export;

pub use calls::{Attempt, CallReport, Calls, Latency, Operation};
pub use counter::{Counter, LocalCounter};
pub use gauge::{Gauge, Held, LocalGauge};
pub use histogram::{Histogram, LocalHistogram};
pub use key::Key;
pub use rate::rate;
pub use recorder::Recorder;
pub use registry::{Registry, RegistryBuilder};
pub use snapshot::{HistogramSnapshot, Snapshot};
pub use timed::Timed;
pub use window::Window;

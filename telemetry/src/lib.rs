#![doc = include_str!("../README.md")]

mod key;

mod counter;
mod gauge;
mod histogram;
mod layout;
mod timed;

mod recorder;
mod registry;

mod rate;
mod snapshot;

pub use counter::Counter;
pub use gauge::Gauge;
pub use histogram::Histogram;
pub use key::Key;
pub use rate::rate;
pub use recorder::Recorder;
pub use registry::Registry;
pub use snapshot::{HistogramSnapshot, Snapshot};
pub use timed::Timed;

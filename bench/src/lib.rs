//! Ours against the peers: rows of contestants, measured in one run.

pub mod delivery;
pub mod http;
pub mod llm;
pub mod memory;
pub mod primitives;

mod estimator;
mod row;

pub use estimator::measure;
pub use row::{Better, Contestant, Kind, Measured, Outcome, Reach, Row, Run};

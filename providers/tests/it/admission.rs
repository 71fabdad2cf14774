//! Limits that learn: what headers tell, who is admitted, and a million calls in bad weather.

mod bucket;
mod client;
mod extremes;
pub(crate) mod plan;
mod storm;
mod whole;
pub(crate) mod world;

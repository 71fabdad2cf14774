//! Limits that learn: what headers tell, who is admitted, and a million calls in bad weather.

mod bucket;
mod storm;
pub(crate) mod world;

//! How far a rollout is, and when it will be done: what is left, carried out in thought.

mod counts;
mod eta;
mod forecast;
mod outlook;
#[cfg(test)]
mod tests;
mod timeline;

pub use counts::Progress;
pub use eta::{Eta, Later};
pub(crate) use forecast::Forecast;
pub(crate) use outlook::{Ahead, Outlook};
pub(crate) use timeline::{Step, Timeline, Work};

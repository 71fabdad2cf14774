//! When a rollout will be done: what is left, carried out in thought.

mod forecast;
mod outlook;
#[cfg(test)]
mod tests;
mod timeline;

pub(crate) use forecast::Forecast;
pub(crate) use outlook::{Ahead, Outlook};
pub(crate) use timeline::{Step, Timeline, Work};

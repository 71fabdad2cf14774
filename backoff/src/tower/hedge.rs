//! Hedging as middleware: a second request beside one that takes too long.

mod attempt;
mod future;
mod layer;
mod service;

pub use self::{future::HedgeFuture, layer::HedgeLayer, service::Hedge};

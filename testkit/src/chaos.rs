//! A server that picks its faults at random, from a seed, and keeps account of what it did to every request.

mod answer;
mod app;
mod dice;
mod fault;
mod ledger;
mod server;
mod settings;

pub use fault::ChaosFault;
pub use ledger::{ChaosReport, Handled};
pub use server::ChaosServer;
pub use settings::Chaos;

//! The area `http`: whole exchanges over loopback, the server in a process of its own, each process on its own core.

mod beside;
pub(crate) mod engine;
pub(crate) mod exchange;
mod idle;
mod known;
pub(crate) mod load;
mod pipeline;
mod process;
mod reuse;
pub(crate) mod rounds;
pub(crate) mod runtime;
mod server;
mod sse;
mod streams;
mod telemetry;

use crate::Outcome;

pub use process::{Served, program};

/// All rows of the area with `wanted` in their name, but for those in bytes.
pub fn outcomes(served: &Served, wanted: &str) -> impl Iterator<Item = Outcome> {
    let exchanges = exchange::outcomes(served, wanted);
    let connections = reuse::outcomes(served, wanted).chain(streams::outcomes(served, wanted));
    exchanges.chain(connections).chain(beside::outcomes(served, wanted)).chain(near(wanted))
}

/// The rows in bytes; `used` tells how many the allocator has handed out.
pub fn bytes(served: &Served, wanted: &str, used: impl Fn() -> usize) -> impl Iterator<Item = Outcome> {
    known::outcomes(wanted, &used).into_iter().chain(idle::outcomes(served, wanted, &used))
}

/// The rows without a network.
fn near(wanted: &str) -> impl Iterator<Item = Outcome> {
    let rows = [pipeline::ROWS, telemetry::ROWS, sse::ROWS].into_iter().flatten().map(|make| make());
    rows.filter(move |row| row.name.contains(wanted)).map(crate::measure)
}

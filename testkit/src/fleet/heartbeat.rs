//! Heartbeats: devices that are there say so, again and again.

use std::sync::Arc;
use std::time::Duration;

use super::app::Simulator;

/// What a device says of itself from time to time; for [`FleetBuilder::heartbeats`](crate::FleetBuilder::heartbeats).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Heartbeat {
    /// Which device it is.
    pub id: String,
    /// What it runs.
    pub version: String,
}

/// Who takes heartbeats.
pub(super) type Sink = Arc<dyn Fn(Heartbeat) + Send + Sync>;

/// Devices beat in the order of their numbers; after so many, others on the runtime have their turn.
const AT_ONCE: usize = 1024;

/// Every device that is there beats once, every so often, for ever.
pub(super) async fn beat(simulator: Simulator, every: Duration, sink: Sink) {
    let timer = simulator.timer().clone();
    let mut next = timer.now();
    loop {
        next = next.saturating_add(every);
        timer.sleep_until(next).await;
        for number in 0..simulator.plan().len() {
            once(&simulator, number, &super::address::id(number), &sink);
            if number % AT_ONCE == AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
        }
    }
}

/// A device beats, if it is there.
pub(super) fn once(simulator: &Simulator, number: usize, id: &str, sink: &Sink) {
    if let Some(version) = simulator.heard(number, id) {
        sink(Heartbeat { id: id.to_owned(), version });
    }
}

//! Closing what has been idle for too long: one task, which is there only while something is idle.

use std::sync::Weak;

use steadfast_clock::{Clock, SharedTimer};
use tokio::sync::oneshot;

use super::hub::Hub;
use crate::race;

/// Sweeps until nothing is idle, or the transport is gone.
pub(super) async fn run(hub: Weak<Hub>, timer: SharedTimer, mut stopped: oneshot::Receiver<()>) {
    let mut guard = Guard(Weak::clone(&hub));
    let sweep = |hub: std::sync::Arc<Hub>| {
        hub.with(|book, out| book.sweep(timer.now(), out));
        hub.next_sweep()
    };
    while let Some(due) = hub.upgrade().and_then(sweep) {
        if race::before(&timer, due, std::pin::Pin::new(&mut stopped)).await.is_some() {
            break;
        }
    }
    guard.0 = Weak::new();
}

/// Tells when the task ends with its runtime.
struct Guard(Weak<Hub>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(hub) = self.0.upgrade() {
            hub.sweeper_gone();
        }
    }
}

//! Looking after what is idle: one task, which is there only while something is. It closes what has been idle for too
//! long, and has what has been for a while give up its memory.

use std::pin::pin;
use std::sync::{Arc, Weak};

use steadfast_clock::{Clock, SharedTimer};
use tokio::sync::watch;
use tokio::task::yield_now;

use super::hub::Hub;
use crate::race;

/// Sweeps until nothing is idle, or the transport is gone.
pub(super) async fn run(hub: Weak<Hub>, timer: SharedTimer, mut sooner: watch::Receiver<()>) {
    let mut guard = Guard(Weak::clone(&hub));
    let sweep = |hub: Arc<Hub>| {
        hub.with(|book, out| book.sweep(timer.now(), out));
        hub.next_sweep()
    };
    while let Some(due) = hub.upgrade().and_then(sweep) {
        if due <= timer.now() {
            // There is more of the same; others come first.
            yield_now().await;
        } else if let Some(Err(_)) = race::before(&timer, due, pin!(sooner.changed())).await {
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

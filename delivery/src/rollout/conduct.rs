//! The conductor: keeps workers busy, calls deferred devices again, and closes the books.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::queue::Task;
use super::{Progress, Rollout, Shared, work};
use crate::attempt::Attempt;
use crate::device::DeviceStatus;
use crate::record::{DeviceState, Outcome, Report};

impl Rollout {
    /// Carries the plan out, to the final state of its last device.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops all workers and the bytes in flight at once; nothing is told any more. To have every
    /// device accounted for, use [`Handle::cancel`](super::Handle::cancel).
    pub async fn execute(self) -> Report {
        let shared = self.shared;
        shared.begin();
        shared.conduct().await;
        shared.close()
    }
}

impl Shared {
    /// Starts the clock and skips who is offline.
    fn begin(&self) {
        self.board.start(&self.plan, self.timer.now());
        for (index, device) in self.plan.devices.iter().enumerate() {
            if device.status == DeviceStatus::Offline {
                self.board.settle(index, Outcome::new(device.id(), DeviceState::Skipped));
            }
        }
    }

    /// Runs until no device is left to work on, or the rollout is cancelled and its workers are gone.
    async fn conduct(self: &Arc<Self>) {
        let concurrency = self.plan.concurrency.get();
        let mut cancelled = self.cancel.subscribe();
        let mut workers = JoinSet::new();
        loop {
            while workers.len() < concurrency {
                let Some(task) = self.claim() else { break };
                workers.spawn(work::run(Arc::clone(self), task));
            }
            let is_cancelled = self.is_cancelled();
            let due = self.queue.next_due().filter(|_| !is_cancelled && workers.len() < concurrency);
            if workers.is_empty() && due.is_none() {
                return;
            }
            tokio::select! {
                // A worker ends when there was nothing to claim. Should one have panicked, its device is settled
                // with those that are left over.
                Some(_) = workers.join_next(), if !workers.is_empty() => {}
                () = self.deferred.notified() => {}
                () = wait_until_cancelled(&mut cancelled), if !is_cancelled => {}
                () = async {
                    match due {
                        Some(due) => self.timer.sleep_until(due).await,
                        None => pending().await,
                    }
                } => {}
            }
        }
    }

    /// Settles who is left over, and reports.
    fn close(&self) -> Report {
        for task in self.queue.drain() {
            self.board.settle(task.index, task.cancelled(self));
        }
        for index in self.board.unsettled() {
            if let Some(device) = self.plan.devices.get(index) {
                self.board.settle(index, Outcome::new(device.id(), DeviceState::Cancelled));
            }
        }
        let (status, outcomes) = self.board.finish(self.timer.now());
        Report::new(status, outcomes)
    }

    /// The next device to work on; none when there is none now, or the rollout is cancelled.
    pub(super) fn claim(&self) -> Option<Task> {
        if self.is_cancelled() {
            return None;
        }
        self.queue.claim(&self.plan.devices, self.timer.now())
    }

    pub(super) fn is_cancelled(&self) -> bool {
        *self.cancel.borrow()
    }

    pub(super) fn progress(&self) -> Progress {
        self.board.progress(self.timer.now())
    }
}

impl Task {
    /// The outcome of a device that was waiting when the rollout was cancelled.
    fn cancelled(&self, shared: &Shared) -> Outcome {
        let id = shared.plan.devices.get(self.index).map_or("", |device| device.id());
        let mut outcome = Outcome::new(id, DeviceState::Cancelled);
        outcome.attempts = Attempt::count(&self.ledger);
        outcome.deferrals = self.deferrals;
        outcome.bytes_sent = self.bytes;
        outcome.duration = self.busy;
        outcome.ledger = self.ledger.clone();
        outcome
    }
}

pub(super) async fn wait_until_cancelled(cancelled: &mut watch::Receiver<bool>) {
    // The sender lives as long as the rollout.
    let _ = cancelled.wait_for(|cancelled| *cancelled).await;
}

//! The shop floor: devices that may be begun, and workers that begin them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::job::{Held, Job};
use super::order::Order;
use super::stops::Stops;
use super::{Shared, work};

/// Where jobs wait for a worker. A worker that waits for its device has another one woken, so that no job waits behind a
/// slow device, and jobs that wait for nothing are done by few workers.
pub(super) struct Floor {
    pub(super) shared: Arc<Shared>,
    pub(super) order: Order,
    pub(super) stops: watch::Sender<Stops>,
    ready: Mutex<Ready>,
    /// How many workers can do something at the same time.
    threads: usize,
}

#[derive(Default)]
struct Ready {
    jobs: VecDeque<Held>,
    workers: JoinSet<()>,
    /// Workers that do not wait for a device.
    awake: usize,
    closed: bool,
}

impl Floor {
    pub(super) fn new(shared: Arc<Shared>, order: Order) -> Arc<Self> {
        let threads = tokio::runtime::Handle::try_current().map_or(1, |runtime| runtime.metrics().num_workers());
        let (stops, ready) = (watch::Sender::new(Stops::default()), Mutex::default());
        Arc::new(Self { shared, order, stops, ready, threads: threads.max(1) })
    }

    /// Lets these be begun.
    pub(super) fn release(self: &Arc<Self>, jobs: impl IntoIterator<Item = Held>) {
        let mut ready = self.lock();
        if ready.closed {
            return;
        }
        ready.jobs.extend(jobs);
        while ready.awake < self.threads.min(ready.jobs.len()) {
            self.hire(&mut ready);
        }
    }

    /// The next job for a worker that is awake; without one the worker is gone.
    pub(super) fn next(&self) -> Option<Held> {
        let mut ready = self.lock();
        let job = ready.jobs.pop_front();
        if job.is_none() {
            ready.awake = ready.awake.saturating_sub(1);
        }
        job
    }

    /// A worker begins to wait for its device.
    pub(super) fn wait(self: &Arc<Self>) {
        let mut ready = self.lock();
        ready.awake = ready.awake.saturating_sub(1);
        if ready.awake < self.threads.min(ready.jobs.len()) {
            self.hire(&mut ready);
        }
    }

    /// A worker waits no longer.
    pub(super) fn go_on(&self) {
        self.lock().awake += 1;
    }

    /// Takes back what was released and not begun.
    pub(super) fn take_back(&self, mut wanted: impl FnMut(&Job) -> bool) -> Vec<Held> {
        let mut ready = self.lock();
        let (back, stay) = std::mem::take(&mut ready.jobs).into_iter().partition(|job| wanted(job));
        ready.jobs = stay;
        back.into()
    }

    /// Stops all workers, and the bytes in flight, at once.
    pub(super) fn close(&self) {
        let mut ready = self.lock();
        ready.closed = true;
        ready.jobs.clear();
        ready.workers.abort_all();
    }

    fn hire(self: &Arc<Self>, ready: &mut Ready) {
        while ready.workers.try_join_next().is_some() {}
        ready.awake += 1;
        ready.workers.spawn(work::run(Arc::clone(self)));
    }

    fn lock(&self) -> MutexGuard<'_, Ready> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The journal: numbers what happens, writes it in groups, and lets follow what may follow only when it is kept.

use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::Shared;
use super::job::Held;
use crate::error::Error;
use crate::record::{Event, EventKind};
use crate::store::{Change, DeviceChange, Lease, RolloutChange};

/// A store that is busy is asked again after this, twice this, and so on, so often: 12.7 s in all.
const WAIT: Duration = Duration::from_millis(100);
const PATIENCE: u32 = 7;

/// What is written with one commit, and what follows from it.
#[derive(Debug, Default)]
struct Batch {
    changes: Arc<Vec<Change>>,
    /// What may be begun when this is kept.
    released: Vec<Held>,
}

pub(super) struct Journal {
    shared: Arc<Shared>,
    lease: Lease,
    /// The number of the last event.
    seq: u64,
    next: Vec<Change>,
    released: Vec<Held>,
    flying: Option<(Batch, BoxFuture<'static, Result<(), Error>>)>,
}

impl Journal {
    pub(super) fn new(shared: Arc<Shared>, lease: Lease, seq: u64) -> Self {
        Self { shared, lease, seq, next: Vec::new(), released: Vec::new(), flying: None }
    }

    /// Numbers a change of a device.
    pub(super) fn device(&mut self, mut change: DeviceChange) {
        self.seq += 1;
        change.seq = self.seq;
        self.next.push(Change::Device(change));
    }

    /// Numbers a change of the rollout, if it is an event.
    pub(super) fn rollout(&mut self, mut change: RolloutChange) {
        if let Some((seq, _)) = &mut change.event {
            self.seq += 1;
            *seq = self.seq;
        }
        self.next.push(Change::Rollout(Box::new(change)));
    }

    /// Has a job begun when all is kept that was noted before.
    pub(super) fn release(&mut self, job: Held) {
        self.released.push(job);
    }

    /// How many changes wait to be written.
    pub(super) fn waiting(&self) -> usize {
        self.next.len()
    }

    /// Whether all is kept.
    pub(super) fn is_idle(&self) -> bool {
        self.flying.is_none() && self.next.is_empty()
    }

    /// Takes the jobs out that wait for their row.
    pub(super) fn unreleased(&mut self) -> Vec<Held> {
        let mut jobs = self.flying.as_mut().map(|(batch, _)| mem::take(&mut batch.released)).unwrap_or_default();
        jobs.append(&mut self.released);
        jobs
    }

    /// Writes what waits, unless something is being written.
    pub(super) fn write(&mut self) {
        if self.flying.is_none() && !self.next.is_empty() {
            let changes = Arc::new(mem::take(&mut self.next));
            let batch = Batch { changes: Arc::clone(&changes), released: mem::take(&mut self.released) };
            let written = write(Arc::clone(&self.shared), self.lease.clone(), changes);
            self.flying = Some((batch, Box::pin(written)));
        }
    }

    /// Completes when something was kept, with the jobs that may be begun now; not while nothing is written.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub(super) async fn kept(&mut self) -> Result<Vec<Held>, Error> {
        let result = match &mut self.flying {
            Some((_, written)) => written.await,
            None => std::future::pending().await,
        };
        let batch = self.flying.take().map(|(batch, _)| batch).unwrap_or_default();
        result?;
        self.tell(&batch.changes);
        Ok(batch.released)
    }

    fn tell(&self, changes: &[Change]) {
        let shared = &self.shared;
        if let Some(series) = &shared.series {
            series.kept(changes);
        }
        if shared.observers.is_empty() {
            shared.board.kept_all(changes);
        } else {
            for change in changes {
                shared.board.kept(change);
                if let Some(event) = self.event(change) {
                    shared.observers.iter().for_each(|observer| {
                        // An observer's panic must not cost a device its final state.
                        if catch_unwind(AssertUnwindSafe(|| observer.on(&event))).is_err() {
                            tracing::error!(rollout = &*event.rollout, seq = event.seq, "an observer panicked");
                        }
                    });
                }
            }
        }
        let last = changes.iter().rev().find_map(|change| match change {
            Change::Device(change) => Some(change.seq),
            Change::Rollout(change) => change.event.as_ref().map(|(seq, _)| *seq),
        });
        if let Some(last) = last {
            shared.kept.send_replace(last);
        }
    }

    fn event(&self, change: &Change) -> Option<Event> {
        let (seq, at_ms, kind) = match change {
            Change::Device(change) => (change.seq, change.at_ms, kind_of(change)),
            Change::Rollout(change) => {
                let (seq, kind) = change.event.as_ref()?;
                (*seq, change.at_ms, kind.clone())
            }
        };
        Some(Event { rollout: Arc::clone(&self.shared.id), seq, at_ms, kind })
    }
}

async fn write(shared: Arc<Shared>, lease: Lease, changes: Arc<Vec<Change>>) -> Result<(), Error> {
    patiently(&shared, || shared.store.commit(&lease, changes.to_vec())).await
}

/// Writes; what may work in a moment is tried again.
pub(super) async fn patiently<T, F: Future<Output = Result<T, Error>>>(
    shared: &Shared,
    write: impl Fn() -> F,
) -> Result<T, Error> {
    let mut tries = 0;
    loop {
        let error = match write().await {
            Err(error) if error.is_retryable() && tries < PATIENCE => error,
            result => return result,
        };
        let wait = WAIT * 2_u32.pow(tries);
        tries += 1;
        tracing::warn!(rollout = &*shared.id, tries, "the store is busy: {error}");
        shared.timer.sleep_until(shared.timer.now().saturating_add(wait)).await;
    }
}

fn kind_of(change: &DeviceChange) -> EventKind {
    let failure = change.outcome.as_ref().and_then(|outcome| outcome.failure.clone());
    EventKind::Device {
        device: change.device.as_ref().to_owned(),
        from: change.from,
        to: change.to,
        after: change.after_ms.map(Duration::from_millis),
        failure: failure.map(Box::new),
    }
}

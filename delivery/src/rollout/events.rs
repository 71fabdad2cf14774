//! What happens, as it is kept: read from the store, then followed.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use super::Shared;
use crate::error::Error;
use crate::record::Event;

/// Stands for the number of the last event when no more will come.
pub(super) const OVER: u64 = u64::MAX;
/// How many events are read at a time.
const PAGE: usize = 256;

/// The events of a rollout in order, without gaps. At most a page of them is held.
pub struct Events {
    shared: Arc<Shared>,
    kept: watch::Receiver<u64>,
    after: u64,
    page: VecDeque<Event>,
}

impl Events {
    pub(super) fn new(shared: Arc<Shared>, after: u64) -> Self {
        let kept = shared.kept.subscribe();
        Self { shared, kept, after, page: VecDeque::new() }
    }

    /// The next event, waited for; `None` when the rollout is not executed any more and all its events were told.
    ///
    /// # Errors
    ///
    /// Those of the store. The next call tries again.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub async fn next(&mut self) -> Result<Option<Event>, Error> {
        loop {
            if let Some(event) = self.page.pop_front() {
                self.after = event.seq;
                return Ok(Some(event));
            }
            // Read before the events, so that none between the two is missed.
            let kept = *self.kept.borrow_and_update();
            if kept > self.after {
                let events = self.shared.store.events(&self.shared.id, self.after, PAGE).await;
                match events {
                    Ok(events) => self.page = events.into(),
                    // It was never executed.
                    Err(error) if error.kind() == crate::ErrorKind::NotFound && kept == OVER => return Ok(None),
                    Err(error) => return Err(error),
                }
                if !self.page.is_empty() {
                    continue;
                }
                if kept == OVER {
                    return Ok(None);
                }
            }
            if self.kept.changed().await.is_err() {
                return Ok(None);
            }
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("rollout", &self.shared.id).field("after", &self.after).finish_non_exhaustive()
    }
}

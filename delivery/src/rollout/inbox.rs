//! What is told to the driver: by its workers, and by those who hold a handle.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::job::Ended;
use crate::error::Error;
use crate::record::Command;
use crate::store::{Heartbeat, Place};

/// Something that a driver is told.
#[derive(Debug)]
pub(super) enum Note {
    /// A device took the artifact, and is asked for its version from now on: its place and id, its attempts and
    /// deferrals.
    Verifying(Place, Arc<str>, (u32, u32)),
    /// A device is out of a worker's hands.
    Ended(Ended),
    /// An order by a handle, and who waits for the answer.
    Command(Command, Option<oneshot::Sender<Result<(), Error>>>),
    /// A device was heard of.
    Beat(Heartbeat),
    /// Start nothing more, and stop driving when nothing is in flight.
    Leave,
}

#[derive(Debug, Default)]
pub(super) struct Inbox {
    notes: Mutex<Notes>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Notes {
    list: Vec<Note>,
    /// Nobody reads any more.
    closed: bool,
}

impl Inbox {
    /// Tells the driver; without effect when there is none any more.
    pub(super) fn tell(&self, note: Note) {
        {
            let mut notes = self.lock();
            if notes.closed {
                return;
            }
            notes.list.push(note);
        }
        self.wake.notify_one();
    }

    /// Moves what was told, in order, to the end of `into`.
    pub(super) fn take(&self, into: &mut Vec<Note>) {
        let list = &mut self.lock().list;
        if into.is_empty() {
            std::mem::swap(list, into);
        } else {
            into.append(list);
        }
    }

    /// Completes when something was told since the last [`take`](Self::take), or soon after one.
    pub(super) async fn told(&self) {
        self.wake.notified().await;
    }

    /// Nobody reads any more: what waits for an answer gets none.
    pub(super) fn close(&self) {
        let mut notes = self.lock();
        notes.closed = true;
        notes.list.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

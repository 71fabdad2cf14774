//! Watching a rollout, and telling it what to do.

use std::fmt;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::inbox::Note;
use super::{Events, Shared};
use crate::error::{Error, ErrorKind};
use crate::progress::Progress;
use crate::record::{Command, Outcome, RolloutStatus};
use crate::store::{Heartbeat, Place};

/// Watches and controls a [`Rollout`](super::Rollout), also while it runs. Clones are handles of the same rollout.
///
/// What it is told is carried out by whoever executes the rollout: at once while it runs, at its start before that.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl Handle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The rollout's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.shared.id
    }

    /// Carries out a command, and waits until that is done.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::State`] when it does not fit the state of the rollout, or nobody executes it any more.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it completes, the command may or may not be carried out.
    pub async fn command(&self, command: Command) -> Result<(), Error> {
        let (answer, answered) = oneshot::channel();
        self.shared.inbox.tell(Note::Command(command, Some(answer)));
        let gone = || Error::new(ErrorKind::State, format!("nobody executes rollout {} any more", self.shared.id));
        answered.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Starts no further device; what is in flight ends. Returns at once.
    pub fn pause(&self) {
        self.tell(Command::Pause);
    }

    /// Goes on after a pause. Returns at once.
    pub fn resume(&self) {
        self.tell(Command::Resume);
    }

    /// Stops the rollout: bytes in flight are stopped, and every device that is not done is cancelled. Returns at once;
    /// the rollout ends soon after. Without effect on one that has ended.
    pub fn cancel(&self) {
        self.tell(Command::Cancel);
    }

    /// Stops driving it: no further device is started, what is in flight ends, and
    /// [`execute`](super::Rollout::execute) returns with the rollout as it is then. It can be taken up again. Returns at
    /// once.
    pub fn leave(&self) {
        self.shared.inbox.tell(Note::Leave);
    }

    /// Tells that a device was heard of: one that is waited for is started. Returns at once. Without effect on a device
    /// that does not take part.
    pub fn heartbeat(&self, beat: Heartbeat) {
        self.shared.inbox.tell(Note::Beat(beat));
    }

    /// How far it is, as far as it is kept. The cost does not depend on the number of devices.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.shared.board.progress(self.shared.timer.now(), self.shared.wall())
    }

    /// Where it stands, as it is printed.
    #[must_use]
    pub fn status(&self) -> RolloutStatus {
        self.shared.board.status(self.shared.timer.now(), self.shared.wall())
    }

    /// What happens from the event after the one numbered `after` on: what is in the store, then what comes. Nothing is
    /// left out however slow the reader is, and nothing is held for it.
    #[must_use]
    pub fn events(&self, after: u64) -> Events {
        Events::new(Arc::clone(&self.shared), after)
    }

    /// The outcomes of the devices in a final state, in the order of their places, from place `from` on and at most
    /// `most` of them.
    ///
    /// # Errors
    ///
    /// Those of the store; [`ErrorKind::NotFound`] before the rollout was executed.
    pub async fn outcomes(&self, from: Place, most: usize) -> Result<Vec<Outcome>, Error> {
        let outcomes = self.shared.store.outcomes(&self.shared.id, from, most, false).await?;
        Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
    }

    fn tell(&self, command: Command) {
        self.shared.inbox.tell(Note::Command(command, None));
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("rollout", &self.shared.id).finish_non_exhaustive()
    }
}

//! Watching a rollout, and cancelling it.

use std::fmt;
use std::sync::Arc;

use super::{Progress, Shared};
use crate::record::RolloutStatus;

/// Watches and cancels a [`Rollout`](super::Rollout), also while it runs. Clones are handles of the same rollout.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl Handle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Stops the rollout: bytes in flight are stopped, and every device that is not done is cancelled. Returns at once;
    /// the rollout ends soon after. Without effect on one that has ended.
    pub fn cancel(&self) {
        self.shared.cancel.send_replace(true);
    }

    /// How far it is. The cost does not depend on the number of devices.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.shared.progress()
    }

    /// Where it stands, as it is printed.
    #[must_use]
    pub fn status(&self) -> RolloutStatus {
        RolloutStatus::new(Arc::clone(&self.shared.plan.id), &self.progress())
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("rollout", &self.shared.plan.id).finish_non_exhaustive()
    }
}

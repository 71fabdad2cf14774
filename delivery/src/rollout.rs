//! A rollout: a plan, carried out by bounded workers over a store, every device brought to a final state.

mod back;
mod begin;
mod board;
mod builder;
mod chore;
mod deliver;
mod drive;
mod events;
mod floor;
mod follow;
mod handle;
mod inbox;
mod job;
mod journal;
mod late;
mod limit;
mod numbers;
mod order;
mod past;
mod series;
mod shared;
mod shelf;
mod standing;
mod stops;
mod windows;
mod work;

use std::fmt;
use std::sync::Arc;

use crate::error::Error;
use crate::record::Report;

use builder::{Setup, What};
use shared::Shared;

pub use builder::RolloutBuilder;
pub use deliver::deliver;
pub use events::Events;
pub use handle::Handle;

/// A rollout that nobody drives yet.
///
/// A device goes from pending over pushing and verifying to succeeded or failed; when the rollout is cancelled the rest
/// is cancelled. One that says "later" is deferred: it holds no worker, it burns no attempt, and after 20 deferrals or
/// 24 hours it has failed as timed out.
///
/// What happens is written to a store before it is told, and before a byte leaves it is written that bytes may leave. So a
/// rollout can be taken up by another process when the one that drove it is gone: devices that were in flight are asked
/// what they run before anything is sent to them again.
pub struct Rollout {
    shared: Arc<Shared>,
    what: What,
    setup: Setup,
}

impl Rollout {
    /// Something to watch and control it with.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.shared))
    }

    /// Carries the plan out, to the final state of its last device, or to the moment when it is told to leave the rest
    /// to a later driver.
    ///
    /// A rollout that its store does not know is added to it; one that is there is gone on with, where it stands. One that
    /// has ended is reported as it is.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Driven`](crate::ErrorKind::Driven) when another process drives it;
    /// [`Exists`](crate::ErrorKind::Exists) when the store has one of this id with another artifact or version;
    /// [`NotFound`](crate::ErrorKind::NotFound) when it is to be resumed and is not there;
    /// [`LeaseLost`](crate::ErrorKind::LeaseLost) when another process took it over; `Store` and `Busy` when the store
    /// cannot be written any more: nothing further is sent then, bytes in flight are stopped, and what was told is what
    /// is kept. [`Artifact`](crate::ErrorKind::Artifact) when the artifact is not that of the rollout, or changed on the
    /// way: then the rollout is paused.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops all workers and the bytes in flight at once; nothing is written or told any more. It is
    /// as if the process had died: the rollout can be taken up again. To have every device accounted for, use
    /// [`Handle::cancel`].
    pub async fn execute(self) -> Result<Report, Error> {
        let Self { shared, what, setup } = self;
        let ending = shared::Ending::of(&shared);
        let report = begin::run(&shared, what, setup).await;
        drop(ending);
        report
    }
}

impl fmt::Debug for Rollout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rollout").field("id", &self.shared.id).finish_non_exhaustive()
    }
}

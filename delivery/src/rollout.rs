//! A rollout: a plan, carried out by bounded workers, every device brought to a final state.

mod board;
mod conduct;
mod handle;
mod progress;
mod queue;
mod work;

use std::fmt;
use std::sync::Arc;

use steadfast_backoff::Budget;
use steadfast_clock::{SharedTimer, System, TokioTimer, Wall, shared};
use tokio::sync::{Notify, watch};

use crate::artifact::Artifact;
use crate::device::{Device, DeviceStatus};
use crate::error::{Error, ErrorKind};
use crate::plan::Plan;
use crate::push::Push;
use crate::record::{Observer, Outcome};
use board::Board;
use queue::Queue;

pub use handle::Handle;
pub use progress::{Eta, Progress};

/// A rollout that has not started.
///
/// A device goes from pending over pushing and verifying to succeeded or failed; offline ones are skipped, and when the
/// rollout is cancelled the rest is cancelled. One that says "later" is deferred: it holds no worker, it burns no
/// attempt, and after 20 deferrals or 24 hours it has failed as timed out.
pub struct Rollout {
    shared: Arc<Shared>,
}

/// What workers, conductor and handles share.
struct Shared {
    plan: Plan,
    push: Arc<dyn Push>,
    timer: SharedTimer,
    budget: Option<Arc<dyn Budget>>,
    board: Board,
    queue: Queue,
    cancel: watch::Sender<bool>,
    /// Somebody was put off: the earliest time to come back may be another now.
    deferred: Notify,
}

impl Rollout {
    /// Starts to put together how `plan` is carried out with `push`.
    pub fn builder(plan: Plan, push: Arc<dyn Push>) -> RolloutBuilder {
        RolloutBuilder { plan, push, timer: None, wall: None, observer: None, budget: None }
    }

    /// Something to watch and cancel it with.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.shared))
    }
}

impl fmt::Debug for Rollout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rollout").field("plan", &self.shared.plan).finish_non_exhaustive()
    }
}

/// Puts a [`Rollout`] together.
#[derive(Clone)]
#[must_use]
pub struct RolloutBuilder {
    plan: Plan,
    push: Arc<dyn Push>,
    timer: Option<SharedTimer>,
    wall: Option<Arc<dyn Wall + Send + Sync>>,
    observer: Option<Arc<dyn Observer>>,
    budget: Option<Arc<dyn Budget>>,
}

impl RolloutBuilder {
    /// Sets the timer of deferrals and figures; the default is tokio's. With a manual clock, give the push's pool the
    /// same one.
    pub fn timer(mut self, timer: SharedTimer) -> Self {
        self.timer = Some(timer);
        self
    }

    /// Sets the calendar of events; the default is the system's.
    pub fn wall(mut self, wall: Arc<dyn Wall + Send + Sync>) -> Self {
        self.wall = Some(wall);
        self
    }

    /// Tells `observer` every transition.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Sets the budget that the retries of all devices are paid from; without it only the policy bounds them.
    pub fn budget(mut self, budget: Arc<dyn Budget>) -> Self {
        self.budget = Some(budget);
        self
    }

    /// The rollout.
    #[must_use]
    pub fn build(self) -> Rollout {
        let wall = self.wall.unwrap_or_else(|| Arc::new(System::new()));
        let shared = Shared {
            board: Board::new(&self.plan, self.observer, wall),
            queue: Queue::default(),
            cancel: watch::Sender::new(false),
            deferred: Notify::new(),
            plan: self.plan,
            push: self.push,
            timer: self.timer.unwrap_or_else(|| shared(TokioTimer::new())),
            budget: self.budget,
        };
        Rollout { shared: Arc::new(shared) }
    }
}

impl fmt::Debug for RolloutBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RolloutBuilder").field("plan", &self.plan).finish_non_exhaustive()
    }
}

/// Delivers to one device and waits out its deferrals: a rollout of one. With a version, the device must report it
/// afterwards.
///
/// # Errors
///
/// [`ErrorKind::Plan`] when the version is empty or holds control characters. What goes wrong
/// with the device is in the outcome.
///
/// # Cancel safety
///
/// Dropping the future stops the bytes in flight. The device may have taken what it was sent.
pub async fn deliver(
    push: Arc<dyn Push>,
    timer: SharedTimer,
    device: Device,
    artifact: Artifact,
    version: Option<&str>,
) -> Result<Outcome, Error> {
    let mut device = device;
    device.status = DeviceStatus::Online;
    let mut plan = Plan::builder(artifact).devices([device]);
    if let Some(version) = version {
        plan = plan.version(version);
    }
    let report = Rollout::builder(plan.build()?, push).timer(timer).build().execute().await;
    let ended = report.outcomes.into_iter().next();
    ended.ok_or_else(|| Error::new(ErrorKind::Plan, "a rollout without devices has no outcome"))
}

//! How a rollout is put together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use steadfast_backoff::{Budget, RetryBudget};
use steadfast_clock::{SharedTimer, System, TokioTimer, Wall, shared};
use steadfast_telemetry::Registry;
use tokio::sync::watch;

use super::Rollout;
use super::board::Board;
use super::inbox::Inbox;
use super::series::Series;
use super::shared::{Moved, Shared};
use crate::artifact::Artifact;
use crate::plan::Plan;
use crate::push::{MEMORY_BUDGET, Push};
use crate::record::Observer;
use crate::store::{Holder, MemoryStore, Store};

/// How long a driver is taken for alive that was not heard of.
const LEASE: Duration = Duration::from_secs(30);

/// How it is done, and by whom.
#[derive(Clone)]
pub(super) struct Setup {
    pub(super) push: Arc<dyn Push>,
    pub(super) budget: Arc<dyn Budget>,
    pub(super) holder: Holder,
    pub(super) lease: Duration,
    pub(super) memory_budget: usize,
    pub(super) ask_first: bool,
    pub(super) leave_when_paused: bool,
    /// What devices are brought back to, if that was given.
    pub(super) rollback: Option<Artifact>,
}

/// Where a rollout comes from.
#[derive(Clone)]
pub(super) enum What {
    /// It is new, or one that the store has and that is the same.
    Plan(Box<Plan>),
    /// The store has it.
    Kept(Artifact),
}

/// Puts a [`Rollout`] together.
#[derive(Clone)]
#[must_use]
pub struct RolloutBuilder {
    id: Arc<str>,
    what: What,
    push: Arc<dyn Push>,
    store: Option<Arc<dyn Store>>,
    timer: Option<SharedTimer>,
    wall: Option<Arc<dyn Wall + Send + Sync>>,
    observers: Vec<Arc<dyn Observer>>,
    registry: Option<Registry>,
    budget: Option<Arc<dyn Budget>>,
    holder: Option<Holder>,
    lease: Duration,
    leave_when_paused: bool,
    rollback: Option<Artifact>,
}

impl Rollout {
    /// Starts to put together how `plan` is carried out with `push`.
    pub fn builder(plan: Plan, push: Arc<dyn Push>) -> RolloutBuilder {
        RolloutBuilder::new(Arc::clone(&plan.id), What::Plan(Box::new(plan)), push)
    }

    /// Starts to put together how the rollout `id` of this store is gone on with. The artifact must be the one that it
    /// was started with; everything else is what was planned then.
    pub fn resume(
        store: Arc<dyn Store>,
        id: impl Into<Arc<str>>,
        artifact: Artifact,
        push: Arc<dyn Push>,
    ) -> RolloutBuilder {
        RolloutBuilder::new(id.into(), What::Kept(artifact), push).store(store)
    }
}

impl RolloutBuilder {
    fn new(id: Arc<str>, what: What, push: Arc<dyn Push>) -> Self {
        Self {
            id,
            what,
            push,
            store: None,
            timer: None,
            wall: None,
            observers: Vec::new(),
            registry: None,
            budget: None,
            holder: None,
            lease: LEASE,
            leave_when_paused: false,
            rollback: None,
        }
    }

    /// Sets where it is kept; without it in memory, where no other process sees it and nothing survives this one.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets the timer of deferrals and figures; the default is tokio's. With a manual clock, give the push's pool the
    /// same one.
    pub fn timer(mut self, timer: SharedTimer) -> Self {
        self.timer = Some(timer);
        self
    }

    /// Sets the calendar of events, deferrals, windows and soaks; the default is the system's, and with a timer of your
    /// own, the system's as it is now, moved on by that timer.
    pub fn wall(mut self, wall: Arc<dyn Wall + Send + Sync>) -> Self {
        self.wall = Some(wall);
        self
    }

    /// Tells `observer` everything that happens, besides those that were set before.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observers.push(observer);
        self
    }

    /// Counts it into the series of `registry`, together with all other rollouts that count there; with the registry of
    /// the push's [pool](steadfast_pool::Pool::registry), beside the series of its requests. Nothing is counted without
    /// one.
    ///
    /// | series | is |
    /// |---|---|
    /// | `delivery_devices` | devices that came to a final state, by `outcome`: `succeeded`, `already_installed`, `failed` with its `class`, `skipped`, `cancelled`; one that is tried again is counted again |
    /// | `delivery_deferrals` | devices that were put off, by `reason`: `asked`, `not_yet`, `host_down` |
    /// | `delivery_duration_ns` | how long a delivery kept a worker busy, by `outcome`: `succeeded`, `failed` |
    /// | `delivery_bytes_sent` | bytes of artifacts handed to connections, those of failed attempts too |
    /// | `delivery_in_flight` | devices in hands, now |
    /// | `delivery_at_once` | how many may be, now: less than the plan's concurrency while the other side has too much to do |
    ///
    /// There are fewer than 30 series, whatever the number of devices and rollouts.
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// Sets the budget that the retries of all devices are paid from. The default is
    /// [`RetryBudget`]'s: a retry for every five deliveries, 10 a second beside these, and 100 in reserve.
    pub fn budget(mut self, budget: Arc<dyn Budget>) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Sets who drives it, as the store is told; the default is this process.
    pub fn holder(mut self, holder: Holder) -> Self {
        self.holder = Some(holder);
        self
    }

    /// Sets how long this driver is taken for alive when it is not heard of; it is heard of three times as often. The
    /// default is 30 s; at least 1 s.
    pub fn lease(mut self, time: Duration) -> Self {
        self.lease = time.max(Duration::from_secs(1));
        self
    }

    /// Sets whether [`execute`](Rollout::execute) returns when the rollout is paused, by an operator or a gate, and
    /// nothing is in flight. By default it waits to be resumed.
    pub fn leave_when_paused(mut self, leave: bool) -> Self {
        self.leave_when_paused = leave;
        self
    }

    /// Sets what devices are brought back to, for a rollout that is resumed and whose plan named an artifact in memory for
    /// that. Others have it from the plan, or open its file again.
    pub fn rollback(mut self, artifact: Artifact) -> Self {
        self.rollback = Some(artifact);
        self
    }

    /// The rollout.
    #[must_use]
    pub fn build(self) -> Rollout {
        let private = self.store.is_none();
        let wall = match (self.wall, &self.timer) {
            (Some(wall), _) => wall,
            (None, Some(timer)) => Arc::new(Moved::by(SharedTimer::clone(timer))),
            (None, None) => Arc::new(System::new()),
        };
        let timer = self.timer.unwrap_or_else(|| shared(TokioTimer::new()));
        let (devices, concurrency, ask_first, memory_budget, rollback) = match &self.what {
            What::Plan(plan) => {
                let rollback = plan.rollback.as_ref().map(|(artifact, _)| artifact.clone());
                (plan.devices.len() as u64, plan.concurrency.get(), plan.ask_first, plan.memory_budget, rollback)
            }
            What::Kept(_) => (0, 1, true, MEMORY_BUDGET, None),
        };
        let setup = Setup {
            push: self.push,
            budget: self.budget.unwrap_or_else(|| Arc::new(RetryBudget::default())),
            holder: self.holder.unwrap_or_else(Holder::this_process),
            lease: self.lease,
            memory_budget,
            ask_first,
            leave_when_paused: self.leave_when_paused,
            rollback: self.rollback.or(rollback),
        };
        let id = self.id;
        let shared = Shared {
            store: self.store.unwrap_or_else(|| Arc::new(MemoryStore::new())),
            private,
            timer,
            wall,
            observers: self.observers,
            series: self.registry.map(Series::new),
            board: Board::new(Arc::clone(&id), devices, concurrency),
            inbox: Inbox::default(),
            kept: watch::Sender::new(0),
            id,
        };
        Rollout { shared: Arc::new(shared), what: self.what, setup }
    }
}

impl fmt::Debug for RolloutBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RolloutBuilder").field("id", &self.id).field("lease", &self.lease).finish_non_exhaustive()
    }
}

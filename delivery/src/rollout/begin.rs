//! The beginning: a rollout is added to its store or found there, somebody begins to drive it, and drives it to its end.

use std::sync::Arc;

use steadfast_clock::Clock as _;

use super::back;
use super::board::Rest;
use super::builder::{Setup, What};
use super::chore::Chores;
use super::drive::{Driver, Over, Terms};
use super::floor::Floor;
use super::journal::Journal;
use super::late::Late;
use super::numbers::Numbers;
use super::order::Order;
use super::shared::Shared;
use crate::artifact::{Artifact, chunk_size};
use crate::engine::{Engine, EngineState, Facts, Openings};
use crate::error::{Error, ErrorKind};
use crate::plan::Plan;
use crate::record::{DeviceState, EventKind, Report};
use crate::store::{Lease, NewRollout, Place, RolloutRecord, Spec, TargetState};
use crate::strategy::{LateJoiners, StrategyKind};

/// How many records of devices are read at a time.
pub(super) const PAGE: usize = 1024;
/// How many failures a report holds.
const FAILURES: usize = 1000;

/// Drives a rollout as far as it goes, and takes it back if that is to be.
pub(super) async fn run(shared: &Arc<Shared>, what: What, setup: Setup) -> Result<Report, Error> {
    let back = setup.clone();
    let (record, over) = drive(shared, what, setup).await?;
    shared.board.end(&over.status, shared.timer.now());
    let failures = shared.store.outcomes(&shared.id, Place(0), FAILURES, true).await?;
    let mut report = Report::new(over.status, failures.into_iter().map(|(_, outcome)| outcome).collect());
    if !over.back.is_empty() {
        report.rollback = Some(Box::new(back::run(shared, back, &record, &over.back).await?));
    }
    Ok(report)
}

async fn drive(shared: &Arc<Shared>, what: What, setup: Setup) -> Result<(RolloutRecord, Over), Error> {
    let (artifact, added) = match what {
        What::Plan(plan) => (plan.artifact.clone(), add(shared, *plan).await?),
        What::Kept(artifact) => (artifact, None),
    };
    let ttl_ms = u64::try_from(setup.lease.as_millis()).unwrap_or(u64::MAX);
    let lease = shared.store.acquire(&shared.id, &setup.holder, shared.now_ms(), ttl_ms).await?;
    let driven = with_lease(shared, artifact, added, setup, &lease).await;
    release(shared, &lease).await;
    if driven.is_err() {
        shared.board.broke(shared.timer.now());
    }
    driven
}

async fn with_lease(
    shared: &Arc<Shared>,
    artifact: Artifact,
    added: Option<Known>,
    setup: Setup,
    lease: &Lease,
) -> Result<(RolloutRecord, Over), Error> {
    // Read after the lease was had: nobody else writes any more.
    let record = kept(shared).await?;
    same(&record.spec, &artifact, &record.id)?;
    let (known, in_flight) = match added {
        Some(known) => (known, (0, 0)),
        None => {
            let states = shared.store.scan(&shared.id).await?;
            let count = |state| states.iter().filter(|target| target.state == state).count() as u64;
            let in_flight = (count(DeviceState::Pushing), count(DeviceState::Verifying));
            (know(shared, &record.spec, &states).await?, in_flight)
        }
    };
    shared.board.begin(&record.status, in_flight, &record.spec, shared.timer.now());
    shared.kept.send_replace(record.last_seq);
    let total = u32::try_from(known.facts.len()).unwrap_or(u32::MAX);
    let strategy = &record.spec.strategy;
    let at_once = match strategy.late_joiners {
        LateJoiners::Ignore => known.facts.len().max(1),
        LateJoiners::LastPhase => usize::MAX,
    };
    let concurrency = record.spec.concurrency.clamp(1, at_once);
    let order = Order {
        push: setup.push,
        artifact,
        version: record.spec.version.as_deref().map(Arc::from),
        chunk_size: chunk_size(setup.memory_budget, concurrency),
        budget: setup.budget,
        ask_first: setup.ask_first,
        upgrade: strategy.kind == StrategyKind::FirmwareUpgrade,
    };
    shared.board.rest(known.rest());
    let Known { facts, numbers } = known;
    let engine = machine(shared, &record, facts, &numbers)?;
    let late = Late::of(strategy);
    let terms = Terms {
        concurrency,
        total,
        leave_when_paused: setup.leave_when_paused,
        strategy: strategy.clone(),
        numbers,
        commands_done: record.commands_done,
    };
    let floor = Floor::new(Arc::clone(shared), order);
    let journal = Journal::new(Arc::clone(shared), lease.clone(), record.last_seq);
    let chores =
        Chores::new(Arc::clone(shared), lease.clone(), setup.lease, record.commands_done, record.created_ms, late);
    let mut driver = Driver::new(floor, engine, journal, chores, terms);
    if record.last_seq == 0 {
        driver.event(started(&record, driver.order()));
    }
    if record.status.state.is_final() {
        driver.had_ended(record.status.clone());
    } else {
        driver.event(EventKind::Driven { by: name(&setup.holder), recovered: in_flight.0 + in_flight.1 });
    }
    Ok((record, driver.run().await?))
}

/// Adds a rollout to the store, unless it is there. What is known of its devices if it was added.
async fn add(shared: &Arc<Shared>, plan: Plan) -> Result<Option<Known>, Error> {
    let spec = plan.spec();
    if let Some(record) = shared.store.rollout(&shared.id).await? {
        return expected(&record, &spec).map(|()| None);
    }
    let mut known = Known::new(&spec);
    for device in &plan.devices {
        let facts = known.numbers.of(device, Facts::pending());
        known.facts.push(facts);
    }
    let new = NewRollout::new(&*shared.id, spec.clone(), plan.devices, shared.now_ms());
    match shared.store.create(new).await {
        Ok(()) => Ok(Some(known)),
        // Somebody was faster.
        Err(error) if error.kind() == ErrorKind::Exists => expected(&kept(shared).await?, &spec).map(|()| None),
        Err(error) => Err(error),
    }
}

async fn kept(shared: &Shared) -> Result<RolloutRecord, Error> {
    let record = shared.store.rollout(&shared.id).await?;
    record.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("there is no rollout {}", shared.id)))
}

/// Refuses to go on with a rollout of that id that is another one.
fn expected(record: &RolloutRecord, spec: &Spec) -> Result<(), Error> {
    let refused = |what: String| {
        let message = format!("there is a rollout {} already, {what}: take another id", record.id);
        Err(Error::new(ErrorKind::Exists, message))
    };
    if record.spec.artifact.sha256 != spec.artifact.sha256 {
        return refused(format!("with the artifact of SHA-256 {}", record.spec.artifact.sha256));
    }
    match (&record.spec.version, &spec.version) {
        (kept, asked) if kept == asked => Ok(()),
        (Some(kept), _) => refused(format!("with the version {kept}")),
        (None, _) => refused(String::from("without a version")),
    }
}

fn same(spec: &Spec, artifact: &Artifact, id: &str) -> Result<(), Error> {
    let (kept, here) = (&spec.artifact.sha256, artifact.digest_hex());
    if *kept == here {
        return Ok(());
    }
    let message = format!("rollout {id} was started with the artifact of SHA-256 {kept}, this one has {here}");
    Err(Error::new(ErrorKind::Artifact, message))
}

/// What a machine is told of devices beside what a scan tells.
async fn know(shared: &Shared, spec: &Spec, states: &[TargetState]) -> Result<Known, Error> {
    let mut known = Known::new(spec);
    known.facts = states.iter().map(|target| Facts::new(target.state, target.class, target.due_ms)).collect();
    // Failed ones may be tried again.
    let open = |state: DeviceState| !state.is_final() || state == DeviceState::Failed;
    let open = (0..).map(Place).zip(states).filter(|(_, target)| open(target.state)).map(|(place, _)| place);
    let open: Vec<Place> = open.collect();
    for page in open.chunks(PAGE) {
        for target in shared.store.targets(&shared.id, page).await? {
            let Some(facts) = known.facts.get(target.place.0 as usize).copied() else { continue };
            let facts = known.numbers.of(&target.device, facts);
            known.facts[target.place.0 as usize] = facts;
        }
    }
    Ok(known)
}

/// What is known of the devices, with numbers for their sites and zones.
struct Known {
    facts: Vec<Facts>,
    numbers: Numbers,
}

impl Known {
    fn new(spec: &Spec) -> Self {
        Self { facts: Vec::new(), numbers: Numbers::new(&spec.strategy) }
    }

    fn rest(&self) -> Rest {
        let mut rest = Rest::default();
        if let Some(windows) = self.numbers.windows() {
            rest.window = Some(windows.window().clone());
            rest.zones =
                windows.count(self.facts.iter().filter(|facts| !facts.state.is_final()).map(|facts| facts.zone));
        }
        rest
    }
}

fn machine(shared: &Shared, record: &RolloutRecord, facts: Vec<Facts>, numbers: &Numbers) -> Result<Engine, Error> {
    let saved = match &record.engine {
        serde_json::Value::Null => None,
        value => {
            let read = serde_json::from_value::<EngineState>(value.clone());
            let broken = |error: serde_json::Error| {
                let message = format!("what is kept of the progress of rollout {} cannot be read", record.id);
                Error::new(ErrorKind::Store, message).caused_by(error)
            };
            Some(read.map_err(broken)?)
        }
    };
    let windows = numbers.windows().map(|windows| Box::new(windows.clone()) as Box<dyn Openings + Send>);
    Engine::new(&record.spec.strategy, facts, windows, saved, shared.wall())
}

fn started(record: &RolloutRecord, order: &Order) -> EventKind {
    EventKind::Started {
        total: record.status.total,
        version: order.version.clone(),
        bytes: order.artifact.len(),
        sha256: order.artifact.digest_hex(),
    }
}

fn name(holder: &crate::store::Holder) -> String {
    format!("process {} on {}", holder.pid, holder.host)
}

async fn release(shared: &Shared, lease: &Lease) {
    // It ends by itself if this does not work.
    if let Err(error) = shared.store.release(lease).await {
        tracing::warn!(rollout = &*shared.id, "the lease was not given back: {error}");
    }
}

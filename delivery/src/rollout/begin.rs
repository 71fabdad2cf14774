//! The beginning: a rollout is added to its store or found there, somebody begins to drive it, and drives it to its end.

use std::collections::HashMap;
use std::sync::Arc;

use steadfast_clock::Clock as _;

use super::builder::{Setup, What};
use super::chore::Chores;
use super::drive::{Driver, Terms};
use super::floor::Floor;
use super::journal::Journal;
use super::order::Order;
use super::shared::Shared;
use crate::artifact::{Artifact, chunk_size};
use crate::device::{Device, DeviceStatus};
use crate::engine::{Engine, EngineState, Facts};
use crate::error::{Error, ErrorKind};
use crate::plan::Plan;
use crate::record::{DeviceState, EventKind, Report};
use crate::store::{Lease, NewRollout, Place, RolloutRecord, Spec, TargetState};

/// How many records of devices are read at a time.
const PAGE: usize = 1024;
/// How many failures a report holds.
const FAILURES: usize = 1000;

/// Drives a rollout as far as it goes.
pub(super) async fn run(shared: &Arc<Shared>, setup: Setup) -> Result<Report, Error> {
    let Setup { what, push, budget, holder, lease: ttl, memory_budget, ask_first, leave_when_paused } = setup;
    let artifact = match &what {
        What::Plan(plan) => plan.artifact.clone(),
        What::Kept(artifact) => artifact.clone(),
    };
    let mut facts = None;
    if let What::Plan(plan) = what {
        facts = add(shared, *plan).await?;
    }
    let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
    let lease = shared.store.acquire(&shared.id, &holder, shared.now_ms(), ttl_ms).await?;
    let driven = async {
        // Read after the lease was had: nobody else writes any more.
        let record = kept(shared).await?;
        same(&record.spec, &artifact, &record.id)?;
        let in_flight = match &mut facts {
            Some(_) => (0, 0),
            None => {
                let states = shared.store.scan(&shared.id).await?;
                let count = |state| states.iter().filter(|target| target.state == state).count() as u64;
                let in_flight = (count(DeviceState::Pushing), count(DeviceState::Verifying));
                facts = Some(know(shared, &record.spec, &states).await?);
                in_flight
            }
        };
        let facts = facts.take().unwrap_or_default();
        shared.board.begin(&record.status, in_flight, record.spec.concurrency, shared.timer.now());
        shared.kept.send_replace(record.last_seq);
        let concurrency = record.spec.concurrency.clamp(1, facts.len().max(1));
        let order = Order {
            push,
            artifact,
            version: record.spec.version.as_deref().map(Arc::from),
            chunk_size: chunk_size(memory_budget, concurrency),
            budget,
            ask_first,
        };
        let total = u32::try_from(facts.len()).unwrap_or(u32::MAX);
        let engine = machine(shared, &record, facts)?;
        let floor = Floor::new(Arc::clone(shared), order);
        let journal = Journal::new(Arc::clone(shared), lease.clone(), record.last_seq);
        let chores = Chores::new(Arc::clone(shared), lease.clone(), ttl, record.commands_done, record.created_ms);
        let terms =
            Terms { concurrency, total, leave_when_paused, windows: false, commands_done: record.commands_done };
        let mut driver = Driver::new(floor, engine, journal, chores, terms);
        if record.last_seq == 0 {
            driver.event(started(&record, driver.order()));
        }
        if record.status.state.is_final() {
            driver.had_ended(record.status.clone());
        } else {
            driver.event(EventKind::Driven { by: name(&holder), recovered: in_flight.0 + in_flight.1 });
        }
        driver.run().await
    };
    let status = driven.await;
    release(shared, &lease).await;
    if status.is_err() {
        shared.board.broke(shared.timer.now());
    }
    let status = status?;
    shared.board.end(&status, shared.timer.now());
    let failures = shared.store.outcomes(&shared.id, Place(0), FAILURES, true).await?;
    Ok(Report::new(status, failures.into_iter().map(|(_, outcome)| outcome).collect()))
}

/// Adds a rollout to the store, unless it is there. What is known of its devices if it was added.
async fn add(shared: &Arc<Shared>, plan: Plan) -> Result<Option<Vec<Facts>>, Error> {
    let spec = plan.spec();
    if let Some(record) = shared.store.rollout(&shared.id).await? {
        return expected(&record, &spec).map(|()| None);
    }
    let mut known = Knowing::new(&spec);
    let facts = plan.devices.iter().map(|device| known.of(device, Facts::pending())).collect();
    let new = NewRollout::new(&*shared.id, spec.clone(), plan.devices, shared.now_ms());
    match shared.store.create(new).await {
        Ok(()) => Ok(Some(facts)),
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
async fn know(shared: &Shared, spec: &Spec, states: &[TargetState]) -> Result<Vec<Facts>, Error> {
    let mut facts: Vec<Facts> =
        states.iter().map(|target| Facts::new(target.state, target.class, target.due_ms)).collect();
    let mut known = Knowing::new(spec);
    let open = (0..).map(Place).zip(states).filter(|(_, target)| !target.state.is_final()).map(|(place, _)| place);
    let open: Vec<Place> = open.collect();
    for page in open.chunks(PAGE) {
        for target in shared.store.targets(&shared.id, page).await? {
            if let Some(facts) = facts.get_mut(target.place.0 as usize) {
                *facts = known.of(&target.device, *facts);
            }
        }
    }
    Ok(facts)
}

/// Gives sites their numbers.
struct Knowing {
    site: Option<String>,
    sites: HashMap<String, u32>,
}

impl Knowing {
    fn new(spec: &Spec) -> Self {
        Self { site: spec.strategy.site_cap.as_ref().map(|cap| cap.tag.clone()), sites: HashMap::new() }
    }

    fn of(&mut self, device: &Device, mut facts: Facts) -> Facts {
        facts.offline = device.status == DeviceStatus::Offline;
        let site = self.site.as_ref().and_then(|tag| device.tags.get(tag));
        facts.site = site.map(|site| {
            let next = u32::try_from(self.sites.len()).unwrap_or(u32::MAX);
            match self.sites.get(site) {
                Some(number) => *number,
                None => *self.sites.entry(site.clone()).or_insert(next),
            }
        });
        facts
    }
}

fn machine(shared: &Shared, record: &RolloutRecord, facts: Vec<Facts>) -> Result<Engine, Error> {
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
    Engine::new(&record.spec.strategy, facts, None, saved, shared.wall())
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

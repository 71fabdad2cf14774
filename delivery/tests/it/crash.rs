//! The driver dies at every commit, before and after it is written: whoever goes on loses nothing and repeats nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::future::{Future, pending};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use proptest::prelude::*;
use steadfast_clock::{ManualClock, shared};
use steadfast_delivery::pool::telemetry::Gauge;
use steadfast_delivery::{
    Artifact, Change, Command, Deferral, Device, DeviceState, Error, ErrorKind, Event, EventKind, Failure,
    FailureClass, Heartbeat, Holder, Imported, Lease, MemoryStore, NewRollout, Outcome, Phase, Place, Plan, Push,
    PushContext, PushError, Pushed, Report, Rollout, RolloutRecord, RolloutState, Sent, Stage, Store, Strategy, Target,
    TargetState, Verified,
};
use tokio::sync::Notify;

use crate::support::{devices, run, run_when};

/// When a commit ends everything.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Death {
    /// It is not written.
    Before(u64),
    /// It is written, and nobody is told.
    After(u64),
    Never,
}

/// What a commit that fails says.
type Fault = fn() -> Error;

/// A store whose process dies at some commit, or which fails from some commit on.
#[derive(Clone)]
struct Mortal {
    inner: Arc<dyn Store>,
    death: Death,
    fails: Option<(std::ops::Range<u64>, Fault)>,
    commits: Arc<AtomicU64>,
    /// How many calls are under way: meanwhile no time passes.
    calls: Gauge,
    dead: Arc<Notify>,
}

impl Mortal {
    fn new(inner: &Arc<dyn Store>, death: Death) -> Self {
        Self {
            inner: Arc::clone(inner),
            death,
            fails: None,
            commits: Arc::default(),
            calls: Gauge::new(),
            dead: Arc::default(),
        }
    }

    async fn at_work<T>(&self, call: impl Future<Output = T>) -> T {
        let _held = self.calls.hold(1);
        call.await
    }
}

#[async_trait]
impl Store for Mortal {
    async fn commit(&self, lease: &Lease, changes: Vec<Change>) -> Result<(), Error> {
        let number = self.commits.fetch_add(1, Ordering::Relaxed);
        if let Some((_, fault)) = self.fails.as_ref().filter(|(which, _)| which.contains(&number)) {
            return Err(fault());
        }
        if self.death == Death::Before(number) {
            self.dead.notify_one();
            return pending().await;
        }
        self.at_work(self.inner.commit(lease, changes)).await?;
        if self.death == Death::After(number) {
            self.dead.notify_one();
            return pending().await;
        }
        Ok(())
    }

    async fn create(&self, rollout: NewRollout) -> Result<(), Error> {
        self.at_work(self.inner.create(rollout)).await
    }

    async fn rollout(&self, id: &str) -> Result<Option<RolloutRecord>, Error> {
        self.at_work(self.inner.rollout(id)).await
    }

    async fn rollouts(&self) -> Result<Vec<RolloutRecord>, Error> {
        self.at_work(self.inner.rollouts()).await
    }

    async fn acquire(&self, id: &str, holder: &Holder, now_ms: u64, ttl_ms: u64) -> Result<Lease, Error> {
        self.at_work(self.inner.acquire(id, holder, now_ms, ttl_ms)).await
    }

    async fn renew(&self, lease: &Lease, now_ms: u64, ttl_ms: u64) -> Result<(), Error> {
        self.at_work(self.inner.renew(lease, now_ms, ttl_ms)).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), Error> {
        self.at_work(self.inner.release(lease)).await
    }

    async fn scan(&self, id: &str) -> Result<Vec<TargetState>, Error> {
        self.at_work(self.inner.scan(id)).await
    }

    async fn targets(&self, id: &str, places: &[Place]) -> Result<Vec<Target>, Error> {
        self.at_work(self.inner.targets(id, places)).await
    }

    async fn place_of(&self, id: &str, device: &str) -> Result<Option<Place>, Error> {
        self.at_work(self.inner.place_of(id, device)).await
    }

    async fn join(&self, lease: &Lease, devices: Vec<Device>) -> Result<Place, Error> {
        self.at_work(self.inner.join(lease, devices)).await
    }

    async fn events(&self, id: &str, after: u64, most: usize) -> Result<Vec<Event>, Error> {
        self.at_work(self.inner.events(id, after, most)).await
    }

    async fn outcomes(&self, id: &str, from: Place, most: usize, failed: bool) -> Result<Vec<(Place, Outcome)>, Error> {
        self.at_work(self.inner.outcomes(id, from, most, failed)).await
    }

    async fn send(&self, id: &str, command: Command, now_ms: u64) -> Result<u64, Error> {
        self.at_work(self.inner.send(id, command, now_ms)).await
    }

    async fn commands(&self, id: &str, after: u64) -> Result<Vec<Sent>, Error> {
        self.at_work(self.inner.commands(id, after)).await
    }

    async fn version(&self) -> Result<u64, Error> {
        self.at_work(self.inner.version()).await
    }

    async fn import(&self, devices: Vec<Device>) -> Result<Imported, Error> {
        self.at_work(self.inner.import(devices)).await
    }

    async fn devices(&self, after: Option<&str>, most: usize) -> Result<Vec<Device>, Error> {
        self.at_work(self.inner.devices(after, most)).await
    }

    async fn device(&self, id: &str) -> Result<Option<Device>, Error> {
        self.at_work(self.inner.device(id)).await
    }

    async fn heartbeat(&self, beats: Vec<Heartbeat>) -> Result<Vec<String>, Error> {
        self.at_work(self.inner.heartbeat(beats)).await
    }

    async fn heartbeats(&self, after: u64, most: usize) -> Result<Vec<(u64, Heartbeat)>, Error> {
        self.at_work(self.inner.heartbeats(after, most)).await
    }
}

/// Devices that outlive drivers. By their number: every third says "later" once, every fifth refuses everything.
#[derive(Default)]
struct World {
    /// Which run the new version.
    runs: Mutex<HashSet<String>>,
    deferred: Mutex<HashSet<String>>,
    pushes: Mutex<HashMap<String, u32>>,
    /// Which are recorded as done, as of the start of the present driver.
    done: Mutex<HashSet<String>>,
    /// Something was sent to a device that needs nothing.
    wrong: Mutex<Vec<String>>,
}

struct Devices(Arc<World>);

#[async_trait]
impl Push for Devices {
    async fn push(&self, _: &PushContext, device: &Device, _: &Artifact) -> Result<Pushed, PushError> {
        let (id, world) = (device.id().to_owned(), &self.0);
        let number: usize = id[1..].parse().unwrap();
        *world.pushes.lock().unwrap().entry(id.clone()).or_default() += 1;
        if world.runs.lock().unwrap().contains(&id) || world.done.lock().unwrap().contains(&id) {
            world.wrong.lock().unwrap().push(id.clone());
        }
        tokio::task::yield_now().await;
        if number % 5 == 4 {
            return Err(Failure::new(Stage::Pushing, FailureClass::Rejected, "no").into());
        }
        if number % 3 == 2 && world.deferred.lock().unwrap().insert(id.clone()) {
            return Err(Deferral::new(Duration::from_secs(100), Vec::new()).into());
        }
        world.runs.lock().unwrap().insert(id);
        tokio::task::yield_now().await;
        Ok(Pushed::default())
    }

    async fn verify(&self, _: &PushContext, device: &Device, expected: &str) -> Result<Verified, PushError> {
        tokio::task::yield_now().await;
        if self.0.runs.lock().unwrap().contains(device.id()) {
            return Ok(Verified::new(Some(expected.to_owned()), Vec::new()));
        }
        Err(Failure::new(Stage::Verifying, FailureClass::VerifyFailed, "still the old one").into())
    }
}

/// Drives as far as it goes; `None` when the process died on the way.
async fn drive(clock: &ManualClock, store: &Mortal, world: &Arc<World>, n: usize) -> Option<Result<Report, Error>> {
    if store.inner.rollout("r1").await.unwrap().is_some() {
        let outcomes = store.inner.outcomes("r1", Place(0), usize::MAX, false).await.unwrap();
        *world.done.lock().unwrap() = outcomes.into_iter().map(|(_, outcome)| outcome.device).collect();
    }
    let phases = [Phase::percent(30.0).soak(Duration::from_secs(60)), Phase::percent(100.0)];
    let plan = Plan::builder(Artifact::from_bytes("x")).id("r1").version("2").devices(devices(n)).ask_first(false);
    let plan = plan.strategy(Strategy::progressive(phases)).concurrency(NonZeroUsize::new(3).unwrap());
    let rollout = Rollout::builder(plan.build().unwrap(), Arc::new(Devices(Arc::clone(world))));
    let rollout = rollout.timer(shared(clock.clone())).wall(Arc::new(clock.clone())).store(Arc::new(store.clone()));
    let (rollout, dead) = (rollout.build(), Arc::clone(&store.dead));
    let ended = run_when(clock, || store.calls.get() == 0, async move {
        tokio::select! {
            biased;
            () = dead.notified() => None,
            report = rollout.execute() => Some(report),
        }
    });
    let ended = ended.await;
    // The tasks of a process end with it.
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
    ended
}

/// The log is whole, and says of every device what is kept of it.
async fn check(store: &dyn Store, world: &World, n: usize, report: &Report) {
    let events = store.events("r1", 0, usize::MAX).await.unwrap();
    let seqs: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=events.len() as u64).collect::<Vec<_>>());
    let mut states: BTreeMap<String, DeviceState> = (0..n).map(|i| (format!("d{i}"), DeviceState::Pending)).collect();
    for event in &events {
        if let EventKind::Device { device, from, to, .. } = &event.kind {
            assert_eq!(states.insert(device.clone(), *to), Some(*from), "{device}");
        }
    }
    let kept = store.scan("r1").await.unwrap();
    for (i, target) in kept.iter().enumerate() {
        let id = format!("d{i}");
        let expected = if i % 5 == 4 { DeviceState::Failed } else { DeviceState::Succeeded };
        assert_eq!((target.state, states[&id]), (expected, expected), "{id}");
        assert_eq!(world.runs.lock().unwrap().contains(&id), expected == DeviceState::Succeeded);
    }
    assert_eq!(report.status.succeeded + report.status.failed, n as u64);
    assert!(matches!(events.last().unwrap().kind, EventKind::Finished { .. }));
    let wrong = world.wrong.lock().unwrap();
    assert!(wrong.is_empty(), "pushed again although they had it: {wrong:?}");
}

/// Runs to the end, dying as told, over a store that is opened anew for each driver; how many commits the last one made.
async fn live_and_die_over(n: usize, deaths: &[Death], open: impl AsyncFn() -> Arc<dyn Store>) -> u64 {
    let (clock, world) = (ManualClock::new(), Arc::<World>::default());
    for death in deaths {
        let store = Mortal::new(&open().await, *death);
        if let Some(report) = drive(&clock, &store, &world, n).await {
            // It was done before it came to that.
            check(&*store.inner, &world, n, &report.unwrap()).await;
            return 0;
        }
        clock.advance(Duration::from_secs(31));
    }
    let last = Mortal::new(&open().await, Death::Never);
    let report = drive(&clock, &last, &world, n).await.unwrap().unwrap();
    check(&*last.inner, &world, n, &report).await;
    last.commits.load(Ordering::Relaxed)
}

/// The same in memory.
async fn live_and_die(n: usize, deaths: &[Death]) -> u64 {
    let memory = memory();
    live_and_die_over(n, deaths, async || Arc::clone(&memory)).await
}

fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

const FLEET: usize = 10;

#[tokio::test]
async fn a_driver_that_dies_at_any_commit_loses_nothing_and_repeats_nothing() {
    let commits = live_and_die(FLEET, &[]).await;
    assert!(commits > 8, "{commits}");
    for at in 0..commits {
        live_and_die(FLEET, &[Death::Before(at)]).await;
        live_and_die(FLEET, &[Death::After(at)]).await;
    }
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_file_that_is_opened_again_after_each_death_has_it_all() {
    use steadfast_delivery::SqliteStore;

    /// A small fleet: each pair of deaths has a file of its own.
    const FEW: usize = 5;

    async fn in_a_file(deaths: &[Death]) -> u64 {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rollouts.db");
        let open = async || Arc::new(SqliteStore::open(&file).await.unwrap()) as Arc<dyn Store>;
        live_and_die_over(FEW, deaths, open).await
    }

    let commits = in_a_file(&[]).await;
    assert!(commits > 4, "{commits}");
    for at in 0..commits {
        in_a_file(&[Death::Before(at), Death::After(at)]).await;
    }
    in_a_file(&[Death::After(1); 12]).await;
}

#[tokio::test]
async fn drivers_that_die_at_every_commit_come_to_an_end() {
    live_and_die(FLEET, &[Death::After(0); 60]).await;
    live_and_die(FLEET, &[Death::After(1); 60]).await;
    live_and_die(FLEET, &[Death::Before(2); 60]).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Wherever drivers die, one after the other: every device gets what is meant for it, none that has it gets it again,
    /// and the log is whole and says what is kept.
    #[test]
    fn nobody_is_lost_wherever_drivers_die(
        n in 0usize..14,
        deaths in proptest::collection::vec((0u64..12, any::<bool>()), 0..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let death = |(at, before): (u64, bool)| if before { Death::Before(at) } else { Death::After(at) };
        let deaths: Vec<Death> = deaths.into_iter().map(death).collect();
        runtime.block_on(live_and_die(n, &deaths));
    }
}

#[tokio::test]
async fn a_store_that_is_busy_for_a_moment_is_asked_again() {
    let (clock, inner, world) = (ManualClock::new(), memory(), Arc::<World>::default());
    let mut store = Mortal::new(&inner, Death::Never);
    store.fails = Some((2..6, || Error::new(ErrorKind::Busy, "somebody else writes")));
    let report = drive(&clock, &store, &world, FLEET).await.unwrap().unwrap();
    check(&*inner, &world, FLEET, &report).await;
}

#[tokio::test]
async fn a_store_that_fails_pauses_the_rollout_and_what_is_not_kept_is_not_told() {
    for at in 0..12 {
        let (clock, inner, world) = (ManualClock::new(), memory(), Arc::<World>::default());
        let mut store = Mortal::new(&inner, Death::Never);
        store.fails = Some((at..u64::MAX, || Error::new(ErrorKind::Store, "/data/rollouts.db: the disk is full")));
        let Err(error) = drive(&clock, &store, &world, FLEET).await.unwrap() else { break };
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::Store, "/data/rollouts.db: the disk is full")
        );
        let record = inner.rollout("r1").await.unwrap().unwrap();
        assert!(!record.status.state.is_final() && record.driver.is_none(), "it can be taken up at once");
        assert!(record.last_seq <= inner.events("r1", 0, usize::MAX).await.unwrap().len() as u64);
        let report = drive(&clock, &Mortal::new(&inner, Death::Never), &world, FLEET).await.unwrap().unwrap();
        check(&*inner, &world, FLEET, &report).await;
    }
}

#[tokio::test]
async fn a_failed_store_shows_on_the_handle() {
    let (clock, inner) = (ManualClock::new(), memory());
    let mut store = Mortal::new(&inner, Death::Never);
    store.fails = Some((1..u64::MAX, || Error::new(ErrorKind::Store, "the disk is full")));
    let told = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&told);
    let observer = move |event: &Event| {
        if let EventKind::Device { to: DeviceState::Succeeded, .. } = event.kind {
            noted.store(true, Ordering::Relaxed);
        }
    };
    let plan = Plan::builder(Artifact::from_bytes("x")).id("r1").version("2").devices(devices(4)).build().unwrap();
    let rollout = Rollout::builder(plan, Arc::new(Devices(Arc::default()))).store(Arc::new(store));
    let rollout =
        rollout.timer(shared(clock.clone())).wall(Arc::new(clock.clone())).observer(Arc::new(observer)).build();
    let handle = rollout.handle();
    let error = run(&clock, rollout.execute()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    let status = handle.status();
    assert_eq!((status.state, status.succeeded), (RolloutState::Paused, 0));
    assert!(!told.load(Ordering::Relaxed), "nothing is told as done that is not kept");
    assert!(handle.command(Command::Resume).await.is_err(), "nobody executes it any more");
}

//! Devices that appear in the fleet while a rollout runs.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use steadfast_clock::{Clock, ManualClock, Timer, shared};
use steadfast_delivery::{
    Artifact, Command, Device, DeviceState, ErrorKind, EventKind, Filter, LateJoiners, MemoryStore, Phase, Plan,
    PlanBuilder, Push, PushContext, PushError, Pushed, Report, Rollout, RolloutBuilder, RolloutState, SiteCap, Store,
    Strategy, Verified, Window, WindowZone, Zone,
};

use crate::support::{Memory, devices, run, until};

const SPAN: Duration = Duration::from_secs(600);

/// Takes ten minutes for each device, and remembers when each began, in seconds.
struct Slow(ManualClock, Mutex<Vec<(u64, String)>>);

impl Slow {
    fn new(clock: &ManualClock) -> Arc<Self> {
        Arc::new(Self(clock.clone(), Mutex::default()))
    }

    fn begun(&self) -> Vec<(u64, String)> {
        self.1.lock().unwrap().clone()
    }
}

#[async_trait]
impl Push for Slow {
    async fn push(&self, _: &PushContext, device: &Device, _: &Artifact) -> Result<Pushed, PushError> {
        self.1.lock().unwrap().push((self.0.now().as_nanos() / 1_000_000_000, device.id().to_owned()));
        self.0.sleep_until(self.0.now().saturating_add(SPAN)).await;
        Ok(Pushed::default())
    }

    async fn verify(&self, _: &PushContext, _: &Device, _: &str) -> Result<Verified, PushError> {
        Ok(Verified::default())
    }
}

fn plan(fleet: Vec<Device>, strategy: Strategy) -> PlanBuilder {
    let strategy = strategy.late_joiners(LateJoiners::LastPhase);
    Plan::builder(Artifact::from_bytes("firmware")).id("r1").devices(fleet).strategy(strategy)
}

fn on(clock: &ManualClock, store: &MemoryStore, rollout: RolloutBuilder) -> RolloutBuilder {
    rollout.timer(shared(clock.clone())).wall(Arc::new(clock.clone())).store(Arc::new(store.clone()))
}

fn again(clock: &ManualClock, store: &MemoryStore, push: Arc<dyn Push>) -> Rollout {
    let artifact = Artifact::from_bytes("firmware");
    on(clock, store, Rollout::resume(Arc::new(store.clone()), "r1", artifact, push)).build()
}

/// Drives a rollout of the fleet; when all that may be in flight at first is so, these are imported.
async fn with(clock: &ManualClock, store: &MemoryStore, rollout: RolloutBuilder, late: Vec<Device>) -> Report {
    let rollout = on(clock, store, rollout).build();
    let handle = rollout.handle();
    let running = tokio::spawn(rollout.execute());
    until(|| handle.progress().in_flight() > 0).await;
    store.import(late).await.unwrap();
    run(clock, running).await.unwrap().unwrap()
}

async fn joined(store: &MemoryStore) -> Vec<u64> {
    let events = store.events("r1", 0, usize::MAX).await.unwrap();
    let told = |kind: EventKind| if let EventKind::Joined { devices } = kind { Some(devices) } else { None };
    events.into_iter().filter_map(|event| told(event.kind)).collect()
}

fn tagged(mut fleet: Vec<Device>, name: &str, value: impl Fn(usize) -> String) -> Vec<Device> {
    for (i, device) in fleet.iter_mut().enumerate() {
        device.tags.insert(name.to_owned(), value(i));
    }
    fleet
}

#[tokio::test]
async fn devices_that_match_join_the_last_phase() {
    let (clock, store, memory) = (ManualClock::new(), MemoryStore::new(), Memory::default());
    let fleet = tagged(devices(10), "region", |i| String::from(if i == 9 { "us" } else { "eu" }));
    store.import(fleet[..4].to_vec()).await.unwrap();
    let phases = [Phase::percent(50.0).soak(SPAN), Phase::percent(100.0)];
    let strategy = Strategy::progressive(phases).select(Filter::new().tag("region", "eu"));
    let push = Slow::new(&clock);
    let plan = plan(fleet[..4].to_vec(), strategy).build().unwrap();
    let rollout = Rollout::builder(plan, Arc::clone(&push) as _).observer(Arc::new(memory.clone()));
    let report = with(&clock, &store, rollout, fleet.clone()).await;
    assert_eq!((report.status.state, report.status.total), (RolloutState::Completed, 9), "one is of another region");
    assert_eq!(report.status.succeeded, 9);
    assert_eq!(joined(&store).await, [5]);
    let begun = push.begun();
    let first: Vec<&str> = begun.iter().filter(|(at, _)| *at < 600).map(|(_, device)| &**device).collect();
    assert_eq!(first, ["d0", "d1"], "the canary is what it was");
    assert_eq!(begun.len(), 9);
    assert_eq!(memory.path("d8").last(), Some(&DeviceState::Succeeded));
    assert_eq!(store.rollout("r1").await.unwrap().unwrap().status.total, 9);
}

#[tokio::test]
async fn handles_see_the_rollout_grow() {
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let rollout = Rollout::builder(plan(devices(2), Strategy::immediate()).build().unwrap(), Slow::new(&clock));
    let rollout = on(&clock, &store, rollout).build();
    let handle = rollout.handle();
    let running = tokio::spawn(rollout.execute());
    until(|| handle.progress().in_flight() == 2).await;
    assert_eq!(handle.progress().total, 2);
    store.import(devices(5)).await.unwrap();
    run(&clock, until(|| handle.progress().total == 5)).await;
    run(&clock, until(|| handle.progress().in_flight() == 5)).await;
    let progress = handle.progress();
    assert_eq!((progress.pending, progress.done()), (0, 0), "they are begun beside those of the start");
    assert_eq!(run(&clock, running).await.unwrap().unwrap().status.succeeded, 5);
}

#[tokio::test]
async fn who_came_while_nobody_drove_joins_when_somebody_does() {
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let push = Slow::new(&clock);
    let plan = plan(devices(3), Strategy::immediate()).concurrency(NonZeroUsize::MIN).build().unwrap();
    let rollout = on(&clock, &store, Rollout::builder(plan, Arc::clone(&push) as _)).build();
    let handle = rollout.handle();
    let running = tokio::spawn(rollout.execute());
    until(|| handle.progress().in_flight() == 1).await;
    store.import(devices(4)).await.unwrap();
    run(&clock, until(|| handle.progress().total == 4)).await;
    handle.leave();
    run(&clock, running).await.unwrap().unwrap();
    store.import(devices(6)).await.unwrap();
    let report = run(&clock, again(&clock, &store, Arc::clone(&push) as _).execute()).await.unwrap();
    assert_eq!((report.status.total, report.status.succeeded), (6, 6));
    assert_eq!(joined(&store).await, [1, 2]);
    let mut devices: Vec<String> = push.begun().into_iter().map(|(_, device)| device).collect();
    devices.sort_unstable();
    assert_eq!(devices, ["d0", "d1", "d2", "d3", "d4", "d5"], "each once");
}

#[tokio::test]
async fn the_cap_of_a_site_and_the_window_of_a_new_zone_hold_for_those_who_join() {
    // The clock begins at midnight UTC, one second after its origin.
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let mut fleet = tagged(devices(6), "store", |_| String::from("s1"));
    for device in &mut fleet[3..] {
        device.timezone = Some(String::from("America/New_York"));
    }
    let window = Window::new(["00:00-04:00 daily".parse().unwrap()]).unwrap();
    let window = window.zone(WindowZone::Device { otherwise: Zone::utc() });
    let strategy = Strategy::scheduled(window).site_cap(SiteCap::new("store", NonZeroU32::MIN));
    let push = Slow::new(&clock);
    let plan = plan(fleet[..2].to_vec(), strategy).build().unwrap();
    let report = with(&clock, &store, Rollout::builder(plan, Arc::clone(&push) as _), fleet.clone()).await;
    assert_eq!((report.status.total, report.status.succeeded), (6, 6));
    let minutes: Vec<u64> = push.begun().iter().map(|(at, _)| at / 60).collect();
    assert_eq!(minutes, [0, 10, 20, 300, 310, 320], "one at a time; midnight in New York is five hours later");
}

#[tokio::test]
async fn never_more_than_the_limit_of_the_selection() {
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let plan = plan(devices(2), Strategy::immediate().select(Filter::new().limit(4))).build().unwrap();
    let report = with(&clock, &store, Rollout::builder(plan, Slow::new(&clock)), devices(9)).await;
    assert_eq!((report.status.total, report.status.succeeded), (4, 4));
    assert_eq!(joined(&store).await, [2]);
}

#[tokio::test]
async fn nobody_joins_where_the_devices_are_those_of_the_start() {
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let plan = Plan::builder(Artifact::from_bytes("firmware")).id("r1").devices(devices(2)).build().unwrap();
    let report = with(&clock, &store, Rollout::builder(plan, Slow::new(&clock)), devices(5)).await;
    assert_eq!((report.status.total, joined(&store).await), (2, vec![]));
}

#[tokio::test]
async fn nobody_joins_a_rollout_that_is_being_cancelled_or_has_ended() {
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let rollout = Rollout::builder(plan(devices(2), Strategy::immediate()).build().unwrap(), Slow::new(&clock));
    let rollout = on(&clock, &store, rollout).build();
    let handle = rollout.handle();
    let running = tokio::spawn(rollout.execute());
    until(|| handle.progress().in_flight() == 2).await;
    store.send("r1", Command::Cancel, 0).await.unwrap();
    store.import(devices(5)).await.unwrap();
    let report = run(&clock, running).await.unwrap().unwrap();
    assert_eq!((report.status.state, report.status.total), (RolloutState::Cancelled, 2));
    let report = run(&clock, again(&clock, &store, Slow::new(&clock)).execute()).await.unwrap();
    assert_eq!((report.status.state, report.status.total), (RolloutState::Cancelled, 2));
    assert_eq!(joined(&store).await, [0; 0]);
}

#[test]
fn an_offset_and_late_joiners_do_not_go_together() {
    let strategy = Strategy::immediate().select(Filter::new().offset(1));
    let error = plan(devices(2), strategy).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Plan);
    assert!(error.to_string().contains("an offset"), "{error}");
}

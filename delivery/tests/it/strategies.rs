//! What strategies do when a rollout is driven: phases and gates, the way back, windows, sites, selections.

use std::collections::HashMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use steadfast_clock::{Clock, ManualClock, Timer, shared};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{
    Artifact, Command, Device, DeviceState, DeviceStatus, ErrorKind, Event, EventKind, Failure, FailureClass, Filter,
    Gate, Hold, MemoryStore, OnFailure, Phase, Plan, PlanBuilder, Push, PushContext, PushError, Pushed, Rollout,
    RolloutBuilder, RolloutState, SiteCap, Stage, Store, Strategy, Verified, Window, WindowZone, Zone,
};

use steadfast_testkit::{Reply, Script};

use crate::support::{Fake, Memory, device, devices, http, run, server, until, whole};

fn plan(n: usize, strategy: Strategy) -> PlanBuilder {
    Plan::builder(Artifact::from_bytes("firmware")).id("r1").version("2").devices(devices(n)).strategy(strategy)
}

fn on(clock: &ManualClock, rollout: RolloutBuilder) -> RolloutBuilder {
    rollout.timer(shared(clock.clone())).wall(Arc::new(clock.clone()))
}

fn number(device: &Device) -> usize {
    device.id()[1..].parse().unwrap()
}

/// Devices that run what was pushed to them last, unless they are bad.
struct Fleet {
    runs: Mutex<HashMap<String, Vec<String>>>,
    bad: fn(usize) -> bool,
}

impl Fleet {
    fn new(bad: fn(usize) -> bool) -> Arc<Self> {
        Arc::new(Self { runs: Mutex::default(), bad })
    }

    fn pushed(&self, id: &str) -> Vec<String> {
        self.runs.lock().unwrap().get(id).cloned().unwrap_or_default()
    }
}

#[async_trait]
impl Push for Fleet {
    async fn push(&self, context: &PushContext, device: &Device, _: &Artifact) -> Result<Pushed, PushError> {
        let version = context.version.as_deref().unwrap_or_default().to_owned();
        self.runs.lock().unwrap().entry(device.id().to_owned()).or_default().push(version);
        Ok(Pushed::default())
    }

    async fn verify(&self, _: &PushContext, device: &Device, expected: &str) -> Result<Verified, PushError> {
        if expected == "2" && (self.bad)(number(device)) {
            return Err(Failure::new(Stage::Verifying, FailureClass::VerifyFailed, "it does not start").into());
        }
        Ok(Verified::new(Some(expected.to_owned()), Vec::new()))
    }
}

fn canary(what: OnFailure) -> Strategy {
    let gate = Gate::success_at_least(95.0);
    let canary = Phase::percent(10.0).soak(Duration::from_secs(3600)).gate(gate).on_failure(what);
    Strategy::progressive([canary, Phase::percent(100.0)])
}

#[tokio::test]
async fn a_good_canary_is_watched_and_the_rest_follows() {
    let clock = ManualClock::new();
    let start = clock.now();
    let memory = Memory::default();
    let push: Arc<dyn Push> = Fleet::new(|_| false);
    let rollout = Rollout::builder(plan(40, canary(OnFailure::Pause)).build().unwrap(), push);
    let rollout = on(&clock, rollout).observer(Arc::new(memory.clone())).build();
    let report = run(&clock, rollout.execute()).await.unwrap();
    assert_eq!((report.status.state, report.status.succeeded), (RolloutState::Completed, 40));
    assert_eq!(clock.now().since(start), Duration::from_secs(3600));
    // The canary's devices are done before the first other one begins.
    let events = memory.events();
    let passed = events.iter().position(|event| matches!(event.kind, EventKind::PhasePassed { phase: 1, .. })).unwrap();
    let begun = events.iter().position(
        |event| matches!(&event.kind, EventKind::Device { device, to: DeviceState::Pushing, .. } if device == "d4"),
    );
    assert!(begun.unwrap() > passed);
}

#[tokio::test]
async fn a_bad_canary_stops_the_rollout_and_touches_nobody_else() {
    let clock = ManualClock::new();
    let push = Fleet::new(|i| i % 2 == 0);
    let rollout = Rollout::builder(plan(40, canary(OnFailure::Cancel)).build().unwrap(), Arc::clone(&push) as _);
    let report = run(&clock, whole(on(&clock, rollout).build())).await;
    assert_eq!(report.status.state, RolloutState::Cancelled);
    assert_eq!((report.status.succeeded + report.status.failed, report.status.cancelled), (4, 36));
    assert!((4..40).all(|i| push.pushed(&format!("d{i}")).is_empty()));
}

#[tokio::test]
async fn a_gate_that_pauses_waits_for_somebody_or_is_left() {
    let clock = ManualClock::new();
    let store = MemoryStore::new();
    let push: Arc<dyn Push> = Fleet::new(|i| i == 0);
    let builder = Rollout::builder(plan(40, canary(OnFailure::Pause)).build().unwrap(), Arc::clone(&push));
    let rollout = on(&clock, builder).store(Arc::new(store.clone())).leave_when_paused(true).build();
    let report = run(&clock, rollout.execute()).await.unwrap();
    assert_eq!((report.status.state, report.status.hold), (RolloutState::Paused, Some(Hold::Paused)));
    assert_eq!((report.status.succeeded, report.status.failed, report.status.pending), (3, 1, 36));
    // Somebody overrules the gate.
    store.send("r1", Command::Resume, 0).await.unwrap();
    let again = Rollout::resume(Arc::new(store.clone()), "r1", Artifact::from_bytes("firmware"), push);
    let report = run(&clock, on(&clock, again).build().execute()).await.unwrap();
    assert_eq!((report.status.succeeded, report.status.failed), (39, 1));
}

#[tokio::test]
async fn a_bad_canary_is_rolled_back_by_a_rollout_of_its_own() {
    let clock = ManualClock::new();
    let store = MemoryStore::new();
    let memory = Memory::default();
    let push = Fleet::new(|i| i < 2);
    let plan = plan(40, canary(OnFailure::RollBack)).rollback(Artifact::from_bytes("before"), "1");
    let builder = Rollout::builder(plan.build().unwrap(), Arc::clone(&push) as _).observer(Arc::new(memory.clone()));
    let rollout = on(&clock, builder).store(Arc::new(store.clone())).build();
    let report = run(&clock, rollout.execute()).await.unwrap();
    let back = report.rollback.unwrap();
    assert_eq!((&*back.status.id, back.status.state), ("r1-rollback", RolloutState::Completed));
    assert_eq!((back.status.total, back.status.succeeded), (4, 4));
    for i in 0..4 {
        assert_eq!(push.pushed(&format!("d{i}")), ["2", "1"]);
    }
    assert!((4..40).all(|i| push.pushed(&format!("d{i}")).is_empty()));
    let record = store.rollout("r1-rollback").await.unwrap().unwrap();
    assert_eq!(record.spec.rollback_of.as_deref(), Some("r1"));
    let told = memory.events();
    assert!(
        told.iter().any(|event| matches!(&event.kind, EventKind::RollingBack { rollout } if rollout == "r1-rollback"))
    );
    assert!(told.iter().any(|event| &*event.rollout == "r1-rollback"), "its events are told, too");
    // Whoever asks again is told the same, and nothing is pushed.
    let again = Rollout::resume(Arc::new(store.clone()), "r1", Artifact::from_bytes("firmware"), push.clone() as _);
    let again = on(&clock, again).rollback(Artifact::from_bytes("before")).build();
    let again = run(&clock, again.execute()).await.unwrap();
    assert_eq!(again.rollback.unwrap().status, back.status);
    assert_eq!(push.pushed("d0"), ["2", "1"]);
}

#[test]
fn a_phase_that_is_rolled_back_needs_something_to_go_back_to() {
    let error = plan(4, canary(OnFailure::RollBack)).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Plan);
    assert_eq!(error.to_string(), "a phase is to be rolled back, but the plan does not say to which artifact");
}

/// Takes so long for each device.
struct Takes(ManualClock, Duration, Mutex<Vec<(u64, String)>>);

#[async_trait]
impl Push for Takes {
    async fn push(&self, _: &PushContext, device: &Device, _: &Artifact) -> Result<Pushed, PushError> {
        self.2.lock().unwrap().push((self.0.now().as_nanos() / 1_000_000_000, device.id().to_owned()));
        self.0.sleep_until(self.0.now().saturating_add(self.1)).await;
        Ok(Pushed::default())
    }

    async fn verify(&self, _: &PushContext, _: &Device, _: &str) -> Result<Verified, PushError> {
        Ok(Verified::default())
    }
}

#[tokio::test]
async fn devices_are_begun_in_their_own_window_and_none_that_it_would_end_before() {
    // The clock begins at midnight UTC, one second after its origin.
    let clock = ManualClock::new();
    let push = Arc::new(Takes(clock.clone(), Duration::from_secs(1800), Mutex::default()));
    let window = Window::new(["02:00-04:00 daily".parse().unwrap()]).unwrap().reserve(Duration::from_secs(1800));
    let window = window.zone(WindowZone::Device { otherwise: Zone::utc() });
    let mut fleet = devices(12);
    for device in &mut fleet[6..] {
        device.timezone = Some(String::from("America/New_York"));
    }
    fleet[11].timezone = Some(String::from("Atlantis/Capital"));
    let strategy = Strategy::scheduled(window);
    let plan = Plan::builder(Artifact::from_bytes("x")).devices(fleet).strategy(strategy);
    let plan = plan.concurrency(NonZeroUsize::MIN).build().unwrap();
    let rollout = on(&clock, Rollout::builder(plan, Arc::clone(&push) as _)).build();
    let handle = rollout.handle();
    let running = tokio::spawn(whole(rollout));
    until(|| matches!(handle.status().hold, Some(Hold::WindowClosed { .. }))).await;
    let report = run(&clock, running).await.unwrap();
    let begun: Vec<(u64, String)> = push.2.lock().unwrap().clone();
    let hour = |n: u64| n * 3600 + 1;
    let at = |id: &str| begun.iter().find(|(_, device)| device == id).map(|(at, _)| *at).unwrap();
    // UTC: 2:00, 2:30, 3:00, 3:30; the next ones on the next day. New York is five hours later.
    assert_eq!([at("d0"), at("d3"), at("d4")], [hour(2), hour(3) + 1800, hour(26)]);
    assert_eq!([at("d6"), at("d9"), at("d10")], [hour(7), hour(8) + 1800, hour(31)]);
    assert_eq!((report.status.succeeded, report.status.failed), (11, 1));
    let failure = report.outcomes[11].failure.as_ref().unwrap();
    assert!(failure.message.contains("Atlantis/Capital"), "{failure}");
}

#[tokio::test]
async fn never_more_than_the_cap_of_a_site_at_once() {
    let clock = ManualClock::new();
    let push = Arc::new(Takes(clock.clone(), Duration::from_secs(10), Mutex::default()));
    let mut fleet = devices(12);
    for (i, device) in fleet.iter_mut().enumerate() {
        device.tags.insert(String::from("store"), format!("s{}", i % 3));
    }
    let strategy = Strategy::immediate().site_cap(SiteCap::new("store", NonZeroU32::MIN));
    let plan = Plan::builder(Artifact::from_bytes("x")).devices(fleet).strategy(strategy).build().unwrap();
    let rollout = on(&clock, Rollout::builder(plan, Arc::clone(&push) as _)).build();
    let handle = rollout.handle();
    let running = tokio::spawn(rollout.execute());
    until(|| clock.waiting() == 3).await;
    assert_eq!(handle.progress().in_flight(), 3);
    assert_eq!(run(&clock, running).await.unwrap().unwrap().status.succeeded, 12);
    let begun = push.2.lock().unwrap();
    for at in [1, 11, 21, 31] {
        let mut sites: Vec<usize> = begun
            .iter()
            .filter(|(begun, _)| *begun == at)
            .map(|(_, device)| device[1..].parse::<usize>().unwrap() % 3)
            .collect();
        sites.sort_unstable();
        assert_eq!(sites, [0, 1, 2], "at {at} s");
    }
}

#[test]
fn the_devices_of_a_plan_are_those_that_its_strategy_selects() {
    let mut fleet = devices(6);
    for (i, device) in fleet.iter_mut().enumerate() {
        device.tags.insert(String::from("region"), String::from(if i % 2 == 0 { "eu" } else { "us" }));
        device.firmware_version = Some(format!("1.{i}.0"));
    }
    let of = |strategy: Strategy| -> Vec<String> {
        let plan = Plan::builder(Artifact::from_bytes("x")).devices(fleet.clone()).strategy(strategy).build().unwrap();
        plan.devices().iter().map(|device| device.id().to_owned()).collect()
    };
    assert_eq!(of(Strategy::region(Filter::new().tag("region", "eu"))), ["d0", "d2", "d4"]);
    assert_eq!(of(Strategy::firmware_upgrade("1.2")), ["d0", "d1"]);
    assert_eq!(of(Strategy::immediate()).len(), 6);
}

#[tokio::test]
async fn an_artifact_that_changes_under_the_rollout_pauses_it() {
    let clock = ManualClock::new();
    let store = MemoryStore::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), vec![7; 100_000]).unwrap();
    let artifact = Artifact::open(file.path()).await.unwrap();
    let path = file.path().to_owned();
    let server = server(&clock, Script::new().always(Reply::status(200))).await;
    let push: Arc<dyn Push> = Arc::new(http(&clock, Policy::delivery()).build().unwrap());
    let fleet = (0..10).map(|i| device(&format!("d{i}"), &format!("{}/d/{i}", server.url())));
    std::fs::write(&path, vec![8; 100_000]).unwrap();
    let plan = Plan::builder(artifact).id("r1").devices(fleet).concurrency(NonZeroUsize::MIN).build().unwrap();
    let rollout = on(&clock, Rollout::builder(plan, Arc::clone(&push))).store(Arc::new(store.clone())).build();
    let error = run(&clock, rollout.execute()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Artifact);
    assert!(error.to_string().contains("rollout r1 is paused"), "{error}");
    let record = store.rollout("r1").await.unwrap().unwrap();
    assert_eq!(record.status.state, RolloutState::Paused);
    assert_eq!((record.status.failed, record.status.pending, record.driver), (1, 9, None));
    // Put back as it was, it is gone on with, and the failed one is tried again.
    std::fs::write(&path, vec![7; 100_000]).unwrap();
    let artifact = Artifact::open(&path).await.unwrap();
    store.send("r1", Command::Resume, 0).await.unwrap();
    store.send("r1", Command::Retry { classes: vec![FailureClass::ArtifactChanged] }, 0).await.unwrap();
    let again = Rollout::resume(Arc::new(store.clone()), "r1", artifact, push);
    let report = run(&clock, on(&clock, again).build().execute()).await.unwrap();
    assert_eq!((report.status.state, report.status.succeeded), (RolloutState::Completed, 10));
}

#[tokio::test]
async fn failed_devices_are_tried_again_on_demand_though_the_rollout_has_ended() {
    let clock = ManualClock::new();
    let store = MemoryStore::new();
    let broken = Arc::new(Mutex::new(true));
    let still = Arc::clone(&broken);
    let push: Arc<dyn Push> = Fake::new(move |stage, _, device| {
        if *still.lock().unwrap() && number(device) < 3 {
            return Err(Failure::new(stage, FailureClass::Unreachable, "nobody there").into());
        }
        Ok(())
    });
    let plan = plan(10, Strategy::immediate()).build().unwrap();
    let rollout = on(&clock, Rollout::builder(plan, Arc::clone(&push))).store(Arc::new(store.clone())).build();
    let report = run(&clock, rollout.execute()).await.unwrap();
    assert_eq!((report.status.state, report.failures().count()), (RolloutState::Failed, 3));
    *broken.lock().unwrap() = false;
    store.send("r1", Command::Retry { classes: Vec::new() }, 0).await.unwrap();
    let again = Rollout::resume(Arc::new(store.clone()), "r1", Artifact::from_bytes("firmware"), push);
    let report = run(&clock, on(&clock, again).build().execute()).await.unwrap();
    assert_eq!((report.status.state, report.status.succeeded), (RolloutState::Completed, 10));
    let events = store.events("r1", 0, 1000).await.unwrap();
    assert!(events.iter().any(|event: &Event| matches!(event.kind, EventKind::Retried { devices: 3 })));
    assert!(matches!(events.last().unwrap().kind, EventKind::Finished { .. }));
}

#[tokio::test]
async fn devices_that_run_the_version_already_succeed_without_a_push() {
    let push = Arc::new(Installed);
    let fleet = [device("d0", "http://127.0.0.1:9"), device("d1", "http://127.0.0.1:9")];
    let plan = Plan::builder(Artifact::from_bytes("x")).version("2").devices(fleet).build().unwrap();
    let report = whole(Rollout::builder(plan, push).build()).await;
    let told: Vec<_> = report.outcomes.iter().map(|outcome| (outcome.state, outcome.already_installed)).collect();
    assert_eq!(told, [(DeviceState::Succeeded, true), (DeviceState::Failed, false)]);
    assert_eq!(report.outcomes[0].version.as_deref(), Some("2"));
}

/// The first device runs version 2, the second one refuses everything.
struct Installed;

#[async_trait]
impl Push for Installed {
    async fn push(&self, _: &PushContext, device: &Device, _: &Artifact) -> Result<Pushed, PushError> {
        assert_eq!(device.id(), "d1");
        Err(Failure::new(Stage::Pushing, FailureClass::Rejected, "no").into())
    }

    async fn verify(&self, _: &PushContext, _: &Device, _: &str) -> Result<Verified, PushError> {
        Ok(Verified::default())
    }

    async fn installed(&self, _: &PushContext, device: &Device) -> Result<Option<String>, PushError> {
        Ok((device.id() == "d0").then(|| String::from("2")))
    }
}

#[tokio::test]
async fn offline_devices_are_skipped_when_their_turn_comes() {
    let mut fleet = devices(5);
    fleet[1].status = DeviceStatus::Offline;
    fleet[4].status = DeviceStatus::Offline;
    let plan = Plan::builder(Artifact::from_bytes("x")).devices(fleet).build().unwrap();
    let report = whole(Rollout::builder(plan, Fake::new(|_, _, _| Ok(()))).build()).await;
    assert_eq!((report.status.succeeded, report.status.skipped), (3, 2));
}

/// Devices that run versions by their number; what was pushed is remembered.
struct Runs([&'static str; 4], Mutex<Vec<String>>);

#[async_trait]
impl Push for Runs {
    async fn push(&self, _: &PushContext, device: &Device, _: &Artifact) -> Result<Pushed, PushError> {
        self.1.lock().unwrap().push(device.id().to_owned());
        Ok(Pushed::default())
    }

    async fn verify(&self, _: &PushContext, _: &Device, expected: &str) -> Result<Verified, PushError> {
        Ok(Verified::new(Some(expected.to_owned()), Vec::new()))
    }

    async fn installed(&self, _: &PushContext, device: &Device) -> Result<Option<String>, PushError> {
        Ok(Some(self.0[number(device)].to_owned()).filter(|version| !version.is_empty()))
    }
}

/// What is pushed, and what becomes of devices that run 1.9.0, 1.11.0, 1.10.0 and something unknown, when 1.10.0 is
/// delivered to them.
async fn upgraded(strategy: Strategy, ask_first: bool) -> (Vec<String>, Vec<(DeviceState, Option<String>)>) {
    let push = Arc::new(Runs(["1.9.0", "1.11.0", "1.10.0", ""], Mutex::default()));
    let plan = Plan::builder(Artifact::from_bytes("x")).version("1.10.0").devices(devices(4)).strategy(strategy);
    let plan = plan.concurrency(NonZeroUsize::MIN).ask_first(ask_first).build().unwrap();
    let report = whole(Rollout::builder(plan, Arc::clone(&push) as _).build()).await;
    assert_eq!(report.status.state, RolloutState::Completed);
    let pushed = push.1.lock().unwrap().clone();
    (pushed, report.outcomes.into_iter().map(|outcome| (outcome.state, outcome.version)).collect())
}

#[tokio::test]
async fn an_upgrade_takes_no_device_back_from_a_newer_version() {
    let succeeded = (DeviceState::Succeeded, Some(String::from("1.10.0")));
    let newer = (DeviceState::Skipped, Some(String::from("1.11.0")));
    let ends = [succeeded.clone(), newer, succeeded.clone(), succeeded.clone()];
    let (pushed, ended) = upgraded(Strategy::firmware_upgrade("1.10.0"), true).await;
    assert_eq!((pushed, &ended[..]), (vec![String::from("d0"), String::from("d3")], &ends[..]));
    // Who wants it pushed even where it runs already wants nobody taken back either.
    let (pushed, ended) = upgraded(Strategy::firmware_upgrade("1.10.0"), false).await;
    assert_eq!((pushed.join(" "), &ended[..]), (String::from("d0 d2 d3"), &ends[..]));
    let (pushed, ended) = upgraded(Strategy::immediate(), true).await;
    assert_eq!((pushed.join(" "), &ended[1]), (String::from("d0 d1 d3"), &succeeded), "elsewhere it is delivered");
}

//! Rollouts: order of events, bounds, cancellation, progress, and that everybody is accounted for.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use steadfast_clock::{Clock, ManualClock, Nanos, Timer, shared};
use steadfast_delivery::backoff::{Budget, Policy};
use steadfast_delivery::{
    Artifact, Deferral, Device, DeviceState, DeviceStatus, ErrorKind, Event, EventKind, Failure, FailureClass, Filter,
    Place, Plan, Push, PushContext, PushError, Pushed, Rollout, RolloutState, Stage, Strategy, Verified,
};
use steadfast_testkit::{Reply, Script};

use crate::support::{Deaf, Fake, Memory, device, devices, http, run, server, until, whole};

use DeviceState::{Cancelled, Failed, Pending, Pushing, Skipped, Succeeded, Verifying};

fn plan(n: usize) -> Plan {
    Plan::builder(Artifact::from_bytes("firmware")).version("2").devices(devices(n)).build().unwrap()
}

#[test]
fn plans_that_contradict_themselves_are_refused() {
    fn check(plan: Result<Plan, steadfast_delivery::Error>, expected: &str) {
        let error = plan.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Plan, expected));
    }
    let builder = || Plan::builder(Artifact::from_bytes("x"));
    let twice = [device("a", "http://h"), device("b", "http://h"), device("a", "http://i")];
    check(builder().devices(twice).build(), "duplicate device id `a` (devices 1 and 3)");
    check(builder().version(" ").build(), "the version is empty");
    check(builder().version("1\r\nx: y").build(), "the version holds control characters");
    check(builder().id("").build(), "the rollout id is empty");
    assert_ne!(builder().build().unwrap().id(), builder().build().unwrap().id());
}

#[test]
fn a_plan_is_for_those_whom_its_strategy_selects() {
    let ids = |filter: Filter| {
        let plan = Plan::builder(Artifact::from_bytes("x")).devices(devices(9)).strategy(Strategy::region(filter));
        plan.build().unwrap().devices().iter().map(|device| device.id().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(Filter::new().id("d4").id("d2")), ["d2", "d4"], "in the order of the devices");
    assert_eq!(ids(Filter::new().offset(2).limit(3)), ["d2", "d3", "d4"]);
    assert_eq!(ids(Filter::new()).len(), 9);
    assert_eq!(ids(Filter::new().tag("region", "eu")), [""; 0]);
}

#[tokio::test]
async fn every_device_goes_its_way_and_the_end_comes_last() {
    let memory = Memory::default();
    let push = Fake::new(|stage, _, device| match (stage, device.id()) {
        (Stage::Pushing, "d1") => Err(Failure::new(stage, FailureClass::Rejected, "HTTP 400").into()),
        (Stage::Verifying, "d2") => Err(Failure::new(stage, FailureClass::VerifyFailed, "still 1").into()),
        _ => Ok(()),
    });
    let mut fleet = devices(5);
    fleet[3].status = DeviceStatus::Offline;
    let plan = Plan::builder(Artifact::from_bytes("firmware")).version("2").devices(fleet).build().unwrap();
    let report = whole(Rollout::builder(plan, push).observer(Arc::new(memory.clone())).build()).await;

    assert_eq!(memory.path("d0"), [Pending, Pushing, Verifying, Succeeded]);
    assert_eq!(memory.path("d1"), [Pending, Pushing, Failed]);
    assert_eq!(memory.path("d2"), [Pending, Pushing, Verifying, Failed]);
    assert_eq!(memory.path("d3"), [Pending, Skipped]);

    let events = memory.events();
    let seqs: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=events.len() as u64).collect::<Vec<_>>());
    assert!(matches!(events.first().unwrap().kind, EventKind::Started { total: 5, .. }));
    let EventKind::Finished { status } = &events.last().unwrap().kind else { panic!("the end comes last") };
    assert_eq!(*status, report.status);
    assert_eq!(status.state, RolloutState::Failed);
    assert_eq!((status.succeeded, status.failed, status.skipped), (2, 2, 1));

    let ids: Vec<&str> = report.outcomes.iter().map(|outcome| outcome.device.as_str()).collect();
    assert_eq!(ids, ["d0", "d1", "d2", "d3", "d4"], "in the order of the plan");
    let failed: Vec<_> = report.failures().map(|outcome| outcome.failure.as_ref().unwrap().stage).collect();
    assert_eq!(failed, [Stage::Pushing, Stage::Verifying]);
    assert_eq!(report.outcomes[0].version.as_deref(), Some("2"));
    assert_eq!(report.outcomes[3].bytes_sent, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_finished_event_comes_after_the_last_worker() {
    let memory = Memory::default();
    let rollout = Rollout::builder(plan(1000), Fake::new(|_, _, _| Ok(()))).observer(Arc::new(memory.clone())).build();
    assert_eq!(rollout.execute().await.unwrap().status.succeeded, 1000);
    let events = memory.events();
    assert_eq!(events.len(), 2 + 3 * 1000 + 1, "the start, who drives, three of each device, the end");
    let last = events.last().unwrap();
    assert!(matches!(&last.kind, EventKind::Finished { status } if status.succeeded == 1000 && status.in_flight == 0));
}

/// Counts how many devices are in hands, and waits until somebody lets it go on.
struct Gate {
    now: AtomicUsize,
    most: AtomicUsize,
    timer: ManualClock,
}

#[async_trait]
impl Push for Gate {
    async fn push(&self, _: &PushContext, _: &Device, _: &Artifact) -> Result<Pushed, PushError> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        self.timer.sleep_until(self.timer.now().saturating_add(Duration::from_secs(10))).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        Ok(Pushed::default())
    }

    async fn verify(&self, _: &PushContext, _: &Device, _: &str) -> Result<Verified, PushError> {
        Ok(Verified::default())
    }
}

fn gate(clock: &ManualClock) -> Arc<Gate> {
    Arc::new(Gate { now: AtomicUsize::new(0), most: AtomicUsize::new(0), timer: clock.clone() })
}

#[tokio::test]
async fn never_more_devices_in_hands_than_the_plan_allows() {
    let clock = ManualClock::new();
    let gate = gate(&clock);
    let plan = Plan::builder(Artifact::from_bytes("x"))
        .devices(devices(20))
        .concurrency(NonZeroUsize::new(7).unwrap())
        .build()
        .unwrap();
    let start = clock.now();
    let push: Arc<dyn Push> = Arc::clone(&gate) as _;
    let rollout = Rollout::builder(plan, push).timer(shared(clock.clone())).build();
    let handle = rollout.handle();
    let running = tokio::spawn(whole(rollout));
    until(|| clock.waiting() == 7).await;
    let progress = handle.progress();
    assert_eq!((progress.pending, progress.pushing, progress.in_flight()), (13, 7, 7));
    assert_eq!((progress.eta.p50, progress.devices_per_s()), (None, None), "nothing is known yet");
    clock.advance(Duration::from_secs(10));
    until(|| clock.waiting() == 7 && handle.progress().done() == 7).await;
    let progress = handle.progress();
    assert_eq!(progress.state, RolloutState::Running);
    assert_eq!((progress.elapsed, progress.devices_per_s()), (Duration::from_secs(10), Some(0.7)));
    let (p50, p90) = (progress.eta.p50.unwrap().as_secs_f64(), progress.eta.p90.unwrap().as_secs_f64());
    // 13 devices of 10 s each, 7 at a time; it may have been looked at when the first of the round was done.
    assert!((18.0..=28.0).contains(&p50) && p90 >= p50, "{p50} {p90}");
    let report = run(&clock, running).await.unwrap();
    assert_eq!((gate.most.load(Ordering::SeqCst), report.status.succeeded), (7, 20));
    assert_eq!(clock.now().since(start), Duration::from_secs(30));
    assert_eq!(report.status.rate_per_s, Some(20.0 / 30.0));
    assert!(report.outcomes.iter().all(|outcome| outcome.duration == Duration::from_secs(10)));
}

#[tokio::test]
async fn the_eta_waits_for_the_last_deferred_device() {
    let clock = ManualClock::new();
    let push = Fake::new(|_, _, device| match device.id() {
        "d1" => Err(Deferral::new(Duration::from_secs(500), Vec::new()).into()),
        _ => Ok(()),
    });
    let rollout = Rollout::builder(plan(2), push).timer(shared(clock.clone())).build();
    let handle = rollout.handle();
    let running = tokio::spawn(whole(rollout));
    until(|| handle.progress().deferred == 1 && handle.progress().succeeded == 1 && clock.waiting() == 1).await;
    assert_eq!(handle.progress().eta.p50.map(|left| left.as_secs()), Some(500));
    handle.cancel();
    let report = running.await.unwrap();
    let outcome = &report.outcomes[1];
    assert_eq!((outcome.state, outcome.deferrals, &outcome.failure), (Cancelled, 1, &None));
}

#[tokio::test]
async fn cancelling_stops_the_bytes_in_flight_and_accounts_for_everybody() {
    let clock = ManualClock::new();
    let deaf = Deaf::listen().await;
    let push = Arc::new(http(&clock, Policy::delivery()).build().unwrap());
    let fleet: Vec<Device> = (0..6).map(|i| device(&format!("d{i}"), &format!("{}/d/{i}", deaf.url()))).collect();
    let artifact = Artifact::from_bytes(vec![0; 64 << 20]);
    let plan = Plan::builder(artifact).version("2").devices(fleet).ask_first(false);
    let plan = plan.concurrency(NonZeroUsize::new(3).unwrap()).build().unwrap();
    let memory = Memory::default();
    let rollout = Rollout::builder(plan, push).timer(shared(clock.clone())).observer(Arc::new(memory.clone())).build();
    let handle = rollout.handle();
    let running = tokio::spawn(whole(rollout));
    let connections = [deaf.accept().await, deaf.accept().await, deaf.accept().await];
    until(|| handle.progress().bytes_sent > 0).await;
    handle.cancel();
    let report = running.await.unwrap();
    assert_eq!(report.status.state, RolloutState::Cancelled);
    assert_eq!((report.status.cancelled, report.status.in_flight, report.status.pending), (6, 0, 0));
    assert!(report.status.bytes_sent < 3 * (64 << 20));
    for outcome in &report.outcomes[..3] {
        let failure = outcome.failure.as_ref().unwrap();
        assert_eq!((failure.class, failure.stage), (FailureClass::Cancelled, Stage::Pushing));
        assert_eq!(outcome.attempts, 1);
        assert_eq!(memory.path(&outcome.device), [Pending, Pushing, Cancelled]);
    }
    for outcome in &report.outcomes[3..] {
        assert_eq!((outcome.attempts, &outcome.failure), (0, &None));
        assert_eq!(memory.path(&outcome.device), [Pending, Cancelled]);
    }
    // Nothing goes on behind its back.
    for connection in connections {
        assert!(connection.drain().await < 64 << 20, "cut in the middle");
    }
    assert_eq!(handle.progress().bytes_sent, report.status.bytes_sent);
    assert!(matches!(memory.events().last().unwrap().kind, EventKind::Finished { .. }));
}

#[tokio::test]
async fn a_rollout_cancelled_before_it_starts_sends_nothing() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let push = Fake::new(move |_, _, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    let rollout = Rollout::builder(plan(3), push).build();
    rollout.handle().cancel();
    let report = rollout.execute().await.unwrap();
    assert_eq!(
        (report.status.state, report.status.cancelled, calls.load(Ordering::Relaxed)),
        (RolloutState::Cancelled, 3, 0)
    );
}

#[tokio::test]
async fn an_observer_can_cancel_and_ask() {
    let plan = Plan::builder(Artifact::from_bytes("x")).devices(devices(50)).concurrency(NonZeroUsize::MIN);
    let rollout = Rollout::builder(plan.build().unwrap(), Fake::new(|_, _, _| Ok(())));
    let slot: Arc<Mutex<Option<steadfast_delivery::Handle>>> = Arc::default();
    let seen = Arc::clone(&slot);
    let observer = move |event: &Event| {
        let handle = seen.lock().unwrap();
        let handle = handle.as_ref().unwrap();
        if let EventKind::Device { to: Succeeded, .. } = event.kind {
            assert!(handle.progress().succeeded > 0, "what is told includes the event");
            handle.cancel();
        }
    };
    let rollout = rollout.observer(Arc::new(observer)).build();
    *slot.lock().unwrap() = Some(rollout.handle());
    let status = rollout.execute().await.unwrap().status;
    assert_eq!(status.state, RolloutState::Cancelled);
    assert_eq!((status.succeeded, status.cancelled), (1, 49));
}

#[tokio::test]
async fn a_cancel_after_the_end_changes_nothing() {
    let rollout = Rollout::builder(plan(2), Fake::new(|_, _, _| Ok(()))).build();
    let handle = rollout.handle();
    rollout.execute().await.unwrap();
    handle.cancel();
    assert_eq!(handle.status().state, RolloutState::Completed);
}

#[tokio::test]
async fn dropping_the_rollout_stops_its_workers() {
    let clock = ManualClock::new();
    let gate = gate(&clock);
    let push: Arc<dyn Push> = Arc::clone(&gate) as _;
    let running = tokio::spawn(Rollout::builder(plan(5), push).timer(shared(clock.clone())).build().execute());
    until(|| clock.waiting() == 5).await;
    running.abort();
    until(|| clock.waiting() == 0 && Arc::strong_count(&gate) == 1).await;
}

#[tokio::test]
async fn a_push_that_panics_costs_only_its_device() {
    let push = Fake::new(|_, _, device| {
        assert!(device.id() != "d1", "a bug");
        Ok(())
    });
    let report = whole(Rollout::builder(plan(3), push).build()).await;
    assert_eq!((report.status.succeeded, report.status.failed), (2, 1));
    assert_eq!(report.outcomes[1].failure.as_ref().unwrap().message, "the push panicked");
}

#[tokio::test]
async fn an_observer_that_panics_costs_nothing() {
    let rollout =
        Rollout::builder(plan(3), Fake::new(|_, _, _| Ok(()))).observer(Arc::new(|_: &Event| panic!("a bug")));
    assert_eq!(rollout.build().execute().await.unwrap().status.succeeded, 3);
}

#[tokio::test]
async fn a_rollout_of_nobody_is_complete() {
    let report = whole(Rollout::builder(plan(0), Fake::new(|_, _, _| Ok(()))).build()).await;
    assert_eq!((report.status.state, report.status.total, report.outcomes.len()), (RolloutState::Completed, 0, 0));
}

#[tokio::test]
async fn without_a_version_nobody_is_asked() {
    let plan = Plan::builder(Artifact::from_bytes("x")).devices(devices(2)).build().unwrap();
    let push = Fake::new(|stage, _, _| {
        assert_eq!(stage, Stage::Pushing);
        Ok(())
    });
    assert_eq!(Rollout::builder(plan, push).build().execute().await.unwrap().status.succeeded, 2);
}

#[tokio::test]
async fn keys_are_the_same_after_a_restart_and_differ_between_devices() {
    let keys = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..2 {
        let log = Arc::clone(&keys);
        let push = Fake::new(move |stage, context, _| {
            if stage == Stage::Pushing {
                log.lock().unwrap().push(context.idempotency_key.clone());
            }
            Ok(())
        });
        let plan = Plan::builder(Artifact::from_bytes("x")).id("r1").version("2").devices(devices(2));
        let plan = plan.concurrency(NonZeroUsize::MIN).build().unwrap();
        Rollout::builder(plan, push).build().execute().await.unwrap();
    }
    let keys = keys.lock().unwrap();
    assert_eq!(keys[..2], keys[2..]);
    assert_ne!(keys[0], keys[1]);
}

/// Pays for so many retries.
struct Purse(AtomicU32);

impl Budget for Purse {
    fn deposit(&self, _: Nanos) {}

    fn withdraw(&self, cost: u32, _: Nanos) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost)).is_ok()
    }
}

#[tokio::test]
async fn a_spent_budget_ends_the_retries_of_all_devices() {
    let clock = ManualClock::new();
    let server = server(&clock, Script::new().always(Reply::status(500))).await;
    let push = Arc::new(http(&clock, Policy::delivery()).build().unwrap());
    let fleet: Vec<Device> = (0..4).map(|i| device(&format!("d{i}"), &format!("{}/d/{i}", server.url()))).collect();
    let plan = Plan::builder(Artifact::from_bytes("x")).devices(fleet).concurrency(NonZeroUsize::MIN).build().unwrap();
    let budget = Arc::new(Purse(AtomicU32::new(3)));
    let rollout = Rollout::builder(plan, push).timer(shared(clock.clone())).budget(budget).build();
    let report = run(&clock, whole(rollout)).await;
    let classes: Vec<_> = report.outcomes.iter().map(|outcome| outcome.failure.as_ref().unwrap().class).collect();
    use FailureClass::{BudgetSpent, ServerError};
    assert_eq!(classes, [ServerError, BudgetSpent, BudgetSpent, BudgetSpent]);
    assert_eq!(server.seen().len(), 4 + 3, "four first attempts and three retries");
}

#[tokio::test]
async fn a_file_that_changes_stops_the_rollout() {
    let clock = ManualClock::new();
    let server = server(&clock, Script::new().always(Reply::status(200))).await;
    let push = Arc::new(http(&clock, Policy::delivery()).build().unwrap());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), vec![1; 300_000]).unwrap();
    let artifact = Artifact::open(file.path()).await.unwrap();
    let fleet: Vec<Device> = (0..10).map(|i| device(&format!("d{i}"), &format!("{}/d/{i}", server.url()))).collect();
    let plan = Plan::builder(artifact).devices(fleet).concurrency(NonZeroUsize::MIN).build().unwrap();
    let path = file.path().to_owned();
    let observer = move |event: &Event| {
        if matches!(&event.kind, EventKind::Device { device, to: Succeeded, .. } if device == "d4") {
            std::fs::write(&path, vec![2; 200_000]).unwrap();
        }
    };
    let rollout = Rollout::builder(plan, push).timer(shared(clock.clone())).observer(Arc::new(observer)).build();
    let handle = rollout.handle();
    let error = run(&clock, rollout.execute()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Artifact);
    let status = handle.status();
    assert_eq!((status.state, status.succeeded, status.failed, status.pending), (RolloutState::Paused, 5, 1, 4));
    let outcomes = handle.outcomes(Place(5), 1).await.unwrap();
    assert_eq!(outcomes[0].failure.as_ref().unwrap().class, FailureClass::ArtifactChanged);
    assert_eq!(server.seen().iter().filter(|seen| seen.complete).count(), 5);
    assert!(server.seen().len() <= 6, "after the first nothing more is sent");
}

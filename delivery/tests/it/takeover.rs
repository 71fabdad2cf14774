//! A rollout is taken up where it was left, by whomever; one drives at a time, and others tell it what to do.

use std::collections::HashMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, Timer, shared};
use steadfast_delivery::{
    Artifact, Command, Deferral, DeviceState, ErrorKind, Event, EventKind, Failure, FailureClass, Heartbeat,
    MemoryStore, Place, Plan, PlanBuilder, Push, Rollout, RolloutBuilder, RolloutState, SiteCap, Stage, Store,
    Strategy,
};

use crate::support::{Fake, Memory, devices, run, until};

fn plan(n: usize) -> PlanBuilder {
    Plan::builder(Artifact::from_bytes("firmware")).id("r1").version("2").devices(devices(n))
}

fn on(clock: &ManualClock, store: &MemoryStore, rollout: RolloutBuilder) -> RolloutBuilder {
    rollout.timer(shared(clock.clone())).wall(Arc::new(clock.clone())).store(Arc::new(store.clone()))
}

fn one(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

#[tokio::test]
async fn a_finished_rollout_is_reported_as_it_is() {
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let pushes = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&pushes);
    let push: Arc<dyn Push> = Fake::new(move |stage, _, _| {
        counted.fetch_add(u32::from(stage == Stage::Pushing), Ordering::Relaxed);
        Ok(())
    });
    let first = on(&clock, &store, Rollout::builder(plan(3).build().unwrap(), Arc::clone(&push))).build();
    let first = run(&clock, first.execute()).await.unwrap();
    let events = store.events("r1", 0, 1000).await.unwrap();
    let again = on(&clock, &store, Rollout::builder(plan(3).build().unwrap(), Arc::clone(&push))).build();
    assert_eq!(run(&clock, again.execute()).await.unwrap().status, first.status);
    let artifact = Artifact::from_bytes("firmware");
    let resumed = on(&clock, &store, Rollout::resume(Arc::new(store.clone()), "r1", artifact, push)).build();
    assert_eq!(run(&clock, resumed.execute()).await.unwrap().status, first.status);
    assert_eq!((first.status.state, pushes.load(Ordering::Relaxed)), (RolloutState::Completed, 3));
    assert_eq!(store.events("r1", 0, 1000).await.unwrap(), events, "nothing is told twice");
}

#[tokio::test]
async fn another_artifact_or_version_is_refused() {
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let push: Arc<dyn Push> = Fake::new(|_, _, _| Ok(()));
    let first = on(&clock, &store, Rollout::builder(plan(1).build().unwrap(), Arc::clone(&push))).build();
    run(&clock, first.execute()).await.unwrap();
    let other = Plan::builder(Artifact::from_bytes("other")).id("r1").version("2").build().unwrap();
    let other = on(&clock, &store, Rollout::builder(other, Arc::clone(&push))).build();
    let error = run(&clock, other.execute()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists);
    assert!(error.to_string().contains("there is a rollout r1 already, with the artifact of SHA-256"), "{error}");
    let other = Plan::builder(Artifact::from_bytes("firmware")).id("r1").version("3").build().unwrap();
    let other = on(&clock, &store, Rollout::builder(other, Arc::clone(&push))).build();
    let error = run(&clock, other.execute()).await.unwrap_err();
    assert_eq!(error.to_string(), "there is a rollout r1 already, with the version 2: take another id");
    let resumed = Rollout::resume(Arc::new(store.clone()), "r1", Artifact::from_bytes("other"), Arc::clone(&push));
    let error = run(&clock, on(&clock, &store, resumed).build().execute()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Artifact);
    let nobody = Rollout::resume(Arc::new(store.clone()), "r2", Artifact::from_bytes("x"), push);
    let error = run(&clock, on(&clock, &store, nobody).build().execute()).await.unwrap_err();
    assert_eq!((error.kind(), error.to_string().contains("r2")), (ErrorKind::NotFound, true));
}

#[tokio::test]
async fn a_second_driver_is_refused_until_the_lease_of_the_first_is_over() {
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let hang: Arc<dyn Push> = Arc::new(Hang(clock.clone(), DAY));
    let first = on(&clock, &store, Rollout::builder(plan(2).build().unwrap(), hang)).build();
    let running = tokio::spawn(first.execute());
    while store.rollout("r1").await.unwrap().is_none_or(|record| record.status.in_flight < 2) {
        tokio::task::yield_now().await;
    }
    let push: Arc<dyn Push> = Fake::new(|_, _, _| Ok(()));
    let second = || on(&clock, &store, Rollout::builder(plan(2).build().unwrap(), Arc::clone(&push))).build();
    let error = second().execute().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Driven);
    assert!(error.to_string().contains(&format!("{}", std::process::id())), "{error}");
    // The first one dies.
    running.abort();
    let _ = running.await;
    assert_eq!(second().execute().await.unwrap_err().kind(), ErrorKind::Driven, "it is not known to be dead");
    clock.advance(Duration::from_secs(31));
    let report = run(&clock, second().execute()).await.unwrap();
    assert_eq!(report.status.succeeded, 2);
    let events = store.events("r1", 0, 1000).await.unwrap();
    let driven: Vec<u64> = events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::Driven { recovered, .. } => Some(recovered),
            _ => None,
        })
        .collect();
    assert_eq!(driven, [0, 2]);
}

const DAY: Duration = Duration::from_secs(86_400);

/// A push that takes so long.
struct Hang(ManualClock, Duration);

#[async_trait::async_trait]
impl Push for Hang {
    async fn push(
        &self,
        _: &steadfast_delivery::PushContext,
        _: &steadfast_delivery::Device,
        _: &Artifact,
    ) -> Result<steadfast_delivery::Pushed, steadfast_delivery::PushError> {
        self.0.sleep_until(self.0.now().saturating_add(self.1)).await;
        Ok(steadfast_delivery::Pushed::default())
    }

    async fn verify(
        &self,
        _: &steadfast_delivery::PushContext,
        _: &steadfast_delivery::Device,
        _: &str,
    ) -> Result<steadfast_delivery::Verified, steadfast_delivery::PushError> {
        Ok(steadfast_delivery::Verified::default())
    }
}

#[tokio::test]
async fn a_driver_that_was_taken_for_dead_stops_at_once() {
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let hang: Arc<dyn Push> = Arc::new(Hang(clock.clone(), DAY));
    let first = on(&clock, &store, Rollout::builder(plan(2).build().unwrap(), hang)).build();
    let handle = first.handle();
    let running = tokio::spawn(first.execute());
    until(|| handle.progress().in_flight() == 2).await;
    // Its process stands still for a minute; meanwhile another one takes over and is done.
    let push: Arc<dyn Push> = Fake::new(|_, _, _| Ok(()));
    let late = ManualClock::new();
    late.advance(Duration::from_secs(60));
    let second = on(&late, &store, Rollout::builder(plan(2).build().unwrap(), push)).build();
    assert_eq!(run(&late, second.execute()).await.unwrap().status.succeeded, 2);
    let error = run(&clock, running).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeaseLost, "{error}");
    assert_eq!(handle.status().state, RolloutState::Paused);
    let outcomes = store.outcomes("r1", Place(0), 10, false).await.unwrap();
    assert!(outcomes.iter().all(|(_, outcome)| outcome.state == DeviceState::Succeeded));
}

#[tokio::test]
async fn others_pause_resume_and_cancel_through_the_store() {
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let push: Arc<dyn Push> = Arc::new(Counted(Arc::clone(&gate)));
    let rollout = Rollout::builder(plan(6).concurrency(one(2)).build().unwrap(), push);
    let rollout = on(&clock, &store, rollout).build();
    let handle = rollout.handle();
    let running = tokio::spawn(rollout.execute());
    gate.add_permits(1);
    run(&clock, until(|| handle.progress().succeeded == 1)).await;
    store.send("r1", Command::Pause, 0).await.unwrap();
    run(&clock, until(|| handle.status().state == RolloutState::Paused)).await;
    gate.add_permits(5);
    // What is in flight ends.
    run(&clock, until(|| handle.progress().in_flight() == 0)).await;
    let done = handle.progress().succeeded;
    assert!((2..=3).contains(&done), "{done}");
    clock.advance(Duration::from_secs(3600));
    assert_eq!((handle.progress().succeeded, handle.progress().pending), (done, 6 - done));
    store.send("r1", Command::Resume, 0).await.unwrap();
    run(&clock, until(|| handle.progress().succeeded == 6)).await;
    run(&clock, running).await.unwrap().unwrap();
    assert_eq!(store.rollout("r1").await.unwrap().unwrap().commands_done, 2);
}

/// Takes a permit for each device.
struct Counted(Arc<tokio::sync::Semaphore>);

#[async_trait::async_trait]
impl Push for Counted {
    async fn push(
        &self,
        _: &steadfast_delivery::PushContext,
        _: &steadfast_delivery::Device,
        _: &Artifact,
    ) -> Result<steadfast_delivery::Pushed, steadfast_delivery::PushError> {
        self.0.acquire().await.unwrap().forget();
        Ok(steadfast_delivery::Pushed::default())
    }

    async fn verify(
        &self,
        _: &steadfast_delivery::PushContext,
        _: &steadfast_delivery::Device,
        _: &str,
    ) -> Result<steadfast_delivery::Verified, steadfast_delivery::PushError> {
        Ok(steadfast_delivery::Verified::default())
    }
}

#[tokio::test]
async fn a_cancel_that_was_left_for_whoever_comes_is_carried_out_before_anything_is_sent() {
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let push: Arc<dyn Push> = Fake::new(|_, _, _| panic!("nothing is sent"));
    let spec = plan(3).build().unwrap().spec();
    let new = steadfast_delivery::NewRollout::new("r1", spec, devices(3), 0);
    store.create(new).await.unwrap();
    store.send("r1", Command::Cancel, 0).await.unwrap();
    let rollout = Rollout::resume(Arc::new(store.clone()), "r1", Artifact::from_bytes("firmware"), push);
    let report = run(&clock, on(&clock, &store, rollout).build().execute()).await.unwrap();
    assert_eq!((report.status.state, report.status.cancelled), (RolloutState::Cancelled, 3));
}

#[tokio::test]
async fn a_rollout_that_is_left_is_gone_on_with_by_the_next_driver() {
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let seen: Arc<Mutex<HashMap<String, u32>>> = Arc::default();
    let log = Arc::clone(&seen);
    let push: Arc<dyn Push> = Fake::new(move |stage, _, device| {
        if stage == Stage::Pushing {
            *log.lock().unwrap().entry(device.id().to_owned()).or_default() += 1;
        }
        Ok(())
    });
    let memory = Memory::default();
    let rollout = Rollout::builder(plan(20).concurrency(one(1)).build().unwrap(), Arc::clone(&push));
    let slot: Arc<Mutex<Option<steadfast_delivery::Handle>>> = Arc::default();
    let held = Arc::clone(&slot);
    let observer = move |event: &Event| {
        if let EventKind::Device { to: DeviceState::Succeeded, .. } = event.kind {
            let handle = held.lock().unwrap().clone().unwrap();
            handle.pause();
            handle.leave();
        }
    };
    let rollout = on(&clock, &store, rollout).observer(Arc::new(observer)).observer(Arc::new(memory.clone())).build();
    *slot.lock().unwrap() = Some(rollout.handle());
    let left = run(&clock, rollout.execute()).await.unwrap();
    assert_eq!(left.status.state, RolloutState::Paused);
    assert!(left.status.succeeded >= 1 && left.status.pending > 0 && left.status.in_flight == 0);
    assert!(memory.events().iter().any(|event| matches!(event.kind, EventKind::Paused { .. })));
    assert!(store.rollout("r1").await.unwrap().unwrap().driver.is_none(), "nobody drives it");
    store.send("r1", Command::Resume, 0).await.unwrap();
    let next = Rollout::resume(Arc::new(store.clone()), "r1", Artifact::from_bytes("firmware"), push);
    let report = run(&clock, on(&clock, &store, next).build().execute()).await.unwrap();
    assert_eq!((report.status.state, report.status.succeeded), (RolloutState::Completed, 20));
    let seen = seen.lock().unwrap();
    assert!(seen.len() == 20 && seen.values().all(|pushes| *pushes == 1), "{seen:?}");
}

#[tokio::test]
async fn failed_devices_that_another_driver_tries_again_keep_to_the_cap_of_their_site() {
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let mut fleet = devices(12);
    for (i, device) in fleet.iter_mut().enumerate() {
        device.tags.insert(String::from("store"), format!("s{}", i % 3));
    }
    let strategy = Strategy::immediate().site_cap(SiteCap::new("store", NonZeroU32::MIN));
    let plan = Plan::builder(Artifact::from_bytes("firmware")).id("r1").devices(fleet).strategy(strategy);
    let refuse: Arc<dyn Push> =
        Fake::new(|stage, _, _| Err(Failure::new(stage, FailureClass::Rejected, "not today").into()));
    let first = on(&clock, &store, Rollout::builder(plan.build().unwrap(), refuse)).build();
    assert_eq!(run(&clock, first.execute()).await.unwrap().status.failed, 12);
    store.send("r1", Command::Retry { classes: Vec::new() }, 0).await.unwrap();
    let push: Arc<dyn Push> = Arc::new(Hang(clock.clone(), Duration::from_secs(10)));
    let next = Rollout::resume(Arc::new(store.clone()), "r1", Artifact::from_bytes("firmware"), push);
    let most = Arc::new(AtomicU32::new(0));
    let (seen, slot) = (Arc::clone(&most), Arc::<Mutex<Option<steadfast_delivery::Handle>>>::default());
    let held = Arc::clone(&slot);
    let observer = move |_: &Event| {
        let in_flight = held.lock().unwrap().as_ref().map_or(0, |handle| handle.progress().in_flight());
        seen.fetch_max(u32::try_from(in_flight).unwrap(), Ordering::Relaxed);
    };
    let next = on(&clock, &store, next).observer(Arc::new(observer)).build();
    *slot.lock().unwrap() = Some(next.handle());
    let report = run(&clock, next.execute()).await.unwrap();
    assert_eq!((report.status.succeeded, most.load(Ordering::Relaxed)), (12, 3), "one of each of the three sites");
}

#[tokio::test]
async fn deferrals_outlive_their_driver() {
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let start = clock.now();
    let pushes = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&pushes);
    let push: Arc<dyn Push> = Fake::new(move |stage, _, _| {
        if stage == Stage::Pushing && counted.fetch_add(1, Ordering::Relaxed) < 2 {
            return Err(Deferral::new(Duration::from_secs(1000), Vec::new()).into());
        }
        Ok(())
    });
    let rollout = on(&clock, &store, Rollout::builder(plan(1).build().unwrap(), Arc::clone(&push))).build();
    let handle = rollout.handle();
    let running = tokio::spawn(rollout.execute());
    until(|| handle.progress().deferred == 1).await;
    handle.leave();
    running.await.unwrap().unwrap();
    clock.advance(Duration::from_secs(400));
    let next = Rollout::resume(Arc::new(store.clone()), "r1", Artifact::from_bytes("firmware"), push);
    let report = run(&clock, on(&clock, &store, next).build().execute()).await.unwrap();
    assert_eq!((report.status.succeeded, pushes.load(Ordering::Relaxed)), (1, 3));
    assert_eq!(clock.now().since(start).as_secs(), 2000, "called again when it said, both times");
    let outcomes = store.outcomes("r1", Place(0), 1, false).await.unwrap();
    assert_eq!(outcomes[0].1.deferrals, 2, "those of the first driver, too");
}

#[tokio::test]
async fn a_heartbeat_starts_a_device_that_is_waited_for() {
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let mut fleet = devices(3);
    for device in &mut fleet {
        device.status = steadfast_delivery::DeviceStatus::Offline;
    }
    store.import(fleet.clone()).await.unwrap();
    let addresses: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&addresses);
    let push: Arc<dyn Push> = Fake::new(move |stage, _, device| {
        if stage == Stage::Pushing {
            log.lock().unwrap().push(format!("{} {}", device.id(), device.address()));
        }
        Ok(())
    });
    let plan = Plan::builder(Artifact::from_bytes("x")).id("r1").devices(fleet).strategy(Strategy::on_connect());
    let rollout = on(&clock, &store, Rollout::builder(plan.build().unwrap(), push)).build();
    let handle = rollout.handle();
    let running = tokio::spawn(rollout.execute());
    until(|| handle.status().hold == Some(steadfast_delivery::Hold::AwaitingDevices)).await;
    // One tells in this process, the others through the store.
    handle.heartbeat(Heartbeat::new("d1", 0));
    until(|| handle.progress().succeeded == 1).await;
    let now_ms = store.rollout("r1").await.unwrap().unwrap().created_ms;
    let mut beat = Heartbeat::new("d0", now_ms);
    beat.address = Some(String::from("http://127.0.0.1:10"));
    store.heartbeat(vec![beat, Heartbeat::new("d2", now_ms)]).await.unwrap();
    let report = run(&clock, running).await.unwrap().unwrap();
    assert_eq!(report.status.succeeded, 3);
    let addresses = addresses.lock().unwrap();
    assert_eq!(addresses[0], "d1 http://127.0.0.1:9/");
    assert!(addresses[1..].contains(&String::from("d0 http://127.0.0.1:10/")), "{addresses:?}");
}

#[tokio::test]
async fn the_stream_of_events_is_what_the_observers_are_told() {
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let memory = Memory::default();
    let push: Arc<dyn Push> = Fake::new(|_, _, _| Ok(()));
    let rollout = Rollout::builder(plan(700).build().unwrap(), push).observer(Arc::new(memory.clone()));
    let rollout = on(&clock, &store, rollout).build();
    let mut events = rollout.handle().events(0);
    let running = tokio::spawn(rollout.execute());
    let mut streamed = Vec::new();
    while let Some(event) = events.next().await.unwrap() {
        streamed.push(event);
    }
    running.await.unwrap().unwrap();
    assert_eq!(streamed.len(), 2 + 3 * 700 + 1);
    assert_eq!(streamed, memory.events());
    assert_eq!(streamed, store.events("r1", 0, usize::MAX).await.unwrap());
}

//! The six strategies from end to end, over real sockets and in virtual time; the devices tell what they received, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use steadfast_clock::{ManualClock, UnixNanos, Wall, shared};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{
    Artifact, Device, Filter, Gate, Handle, Heartbeat, Hold, OnFailure, Phase, Plan, Rollout, RolloutState,
    RolloutStatus, SiteCap, Strategy,
};
use steadfast_testkit::{Devices, FleetBuilder, FleetEvent, FleetSim};

use super::{NEW, assert_delivered_once, fleet_of, payload};
use crate::support::{http, until};

const HOUR: u64 = 3600;
/// Monday, 2026-01-05, 22:00 UTC.
const EVENING: u64 = 1_767_650_400;

/// What happened at the devices of a fleet: the second of the day's evening, and the device.
type Diary = Arc<Mutex<Vec<(u64, String)>>>;

/// A fleet in a world whose time is its own.
struct World {
    clock: ManualClock,
    sim: FleetSim,
    /// Pushes, as they began.
    diary: Diary,
    /// How many pushes were under way at once, at most, in each group of devices.
    most: Arc<Mutex<BTreeMap<String, (usize, usize)>>>,
}

impl World {
    async fn new(builder: FleetBuilder) -> Self {
        let clock = ManualClock::new();
        clock.set_wall(UnixNanos::from_secs(EVENING));
        let (diary, most) = (Diary::default(), Arc::<Mutex<BTreeMap<String, (usize, usize)>>>::default());
        let (time, pages, busy) = (clock.clone(), Arc::clone(&diary), Arc::clone(&most));
        let watcher = move |event: &FleetEvent<'_>| {
            let mut busy = busy.lock().unwrap();
            let (now, peak) = busy.entry(site(event.id())).or_default();
            match event {
                FleetEvent::PushBegun { id, .. } => {
                    pages.lock().unwrap().push((time.wall().as_secs() - EVENING, (*id).to_owned()));
                    *now += 1;
                    *peak = (*peak).max(*now);
                }
                FleetEvent::PushEnded { .. } => *now -= 1,
                _ => {}
            }
        };
        let sim = builder.watch(watcher).timer(shared(clock.clone())).start().await.unwrap();
        Self { clock, sim, diary, most }
    }

    fn rollout(&self, strategy: Strategy, devices: Vec<Device>) -> Rollout {
        let push = Arc::new(http(&self.clock, Policy::delivery()).verify_within(Duration::ZERO).build().unwrap());
        let plan = Plan::builder(Artifact::from_bytes(payload(5000))).version(NEW).devices(devices).strategy(strategy);
        let plan = plan.concurrency(NonZeroUsize::new(8).unwrap()).build().unwrap();
        Rollout::builder(plan, push).timer(shared(self.clock.clone())).wall(Arc::new(self.clock.clone())).build()
    }

    /// Drives a rollout to its end.
    async fn drive(&self, strategy: Strategy, devices: Vec<Device>) -> RolloutStatus {
        quietly(self, self.rollout(strategy, devices).execute()).await.unwrap().status
    }

    /// Drives a rollout until `done` says so of its handle, and stops driving it then.
    async fn drive_until(&self, strategy: Strategy, devices: Vec<Device>, done: impl Fn(&Handle) -> bool) -> Handle {
        let rollout = self.rollout(strategy, devices);
        let handle = rollout.handle();
        let running = tokio::spawn(rollout.execute());
        quietly(self, until(|| done(&handle))).await;
        running.abort();
        handle
    }

    /// The devices that were pushed to, in the hours after the evening in which that began.
    fn hours(&self) -> BTreeMap<u64, usize> {
        let mut hours = BTreeMap::new();
        for (second, _) in &*self.diary.lock().unwrap() {
            *hours.entry(second / HOUR).or_default() += 1;
        }
        hours
    }

    fn pushed(&self) -> BTreeSet<String> {
        self.diary.lock().unwrap().iter().map(|(_, id)| id.clone()).collect()
    }
}

/// How many times nothing was to be done in a row before time passes.
const QUIET: u32 = 150;
/// How much passes then.
const STEP: Duration = Duration::from_secs(120);

/// Runs a future; time passes only while no device is being spoken to.
async fn quietly<F: Future>(world: &World, future: F) -> F::Output {
    let (mut future, mut quiet) = (pin!(future), 0);
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(output);
        }
        quiet = if world.sim.open_connections() == 0 { quiet + 1 } else { 0 };
        if quiet == QUIET {
            quiet = 0;
            world.clock.advance(STEP);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

/// Devices stand in shops, four each.
fn site(id: &str) -> String {
    let number: usize = id.trim_start_matches("dev-").parse().unwrap();
    format!("shop-{}", (number - 1) / 4)
}

/// Gives each device of a fleet its tags.
fn tagged(sim: &FleetSim) -> Vec<Device> {
    let mut devices = fleet_of(sim);
    for (number, device) in devices.iter_mut().enumerate() {
        device.tags.insert("region".to_owned(), if number % 2 == 0 { "eu-north" } else { "us-east" }.to_owned());
        let shop = site(device.id());
        device.tags.insert("shop".to_owned(), shop);
    }
    devices
}

#[tokio::test]
async fn immediate_pushes_to_whoever_is_online_and_skips_the_rest() {
    let world = World::new(FleetSim::builder(40).offline(0.1)).await;
    let status = world.drive(Strategy::immediate(), fleet_of(&world.sim)).await;
    assert_eq!((status.state, status.succeeded, status.skipped), (RolloutState::Completed, 36, 4));
    assert_eq!(world.hours(), BTreeMap::from([(0, 36)]));
    let report = world.sim.report();
    assert_eq!((report.totals.accepted, report.totals.digest_ok, report.totals.pushes), (36, 36, 36));
    for device in world.sim.addresses() {
        assert_eq!(world.sim.version(&device.id).unwrap() == NEW, device.online);
    }
}

#[tokio::test]
async fn a_window_is_waited_for_and_kept_to() {
    let world = World::new(FleetSim::builder(40)).await;
    let status = world.drive(Strategy::scheduled("02:00-04:00".parse().unwrap()), fleet_of(&world.sim)).await;
    assert_eq!((status.state, status.succeeded), (RolloutState::Completed, 40));
    assert_delivered_once(&world.sim);
    let begun = world.diary.lock().unwrap();
    let (first, last) = (begun.first().unwrap().0, begun.last().unwrap().0);
    assert!((4 * HOUR..6 * HOUR).contains(&first) && (4 * HOUR..6 * HOUR).contains(&last), "{first} to {last}");
}

#[tokio::test]
async fn progressive_goes_on_in_cumulative_steps_after_each_was_watched() {
    let phases = [
        Phase::percent(10.0).soak(Duration::from_secs(24 * HOUR)).gate(Gate::success_at_least(95.0)),
        Phase::percent(50.0).soak(Duration::from_secs(12 * HOUR)).gate(Gate::success_at_least(90.0)),
        Phase::percent(100.0).gate(Gate::success_at_least(85.0)),
    ];
    let world = World::new(FleetSim::builder(40)).await;
    let status = world.drive(Strategy::progressive(phases), fleet_of(&world.sim)).await;
    assert_eq!((status.state, status.succeeded), (RolloutState::Completed, 40));
    assert_delivered_once(&world.sim);
    assert_eq!(world.hours(), BTreeMap::from([(0, 4), (24, 16), (36, 20)]));
}

#[tokio::test]
async fn progressive_stops_itself_at_a_bad_canary() {
    for (on_failure, expected) in
        [(OnFailure::Pause, RolloutState::Paused), (OnFailure::Cancel, RolloutState::Cancelled)]
    {
        let canary = Phase::percent(10.0).gate(Gate::success_at_least(95.0)).on_failure(on_failure);
        let world = World::new(FleetSim::builder(40).version("1.0.0").bad_version("dev-000002", NEW)).await;
        let strategy = Strategy::progressive([canary, Phase::percent(100.0)]);
        let settled = |handle: &Handle| handle.status().state == expected && handle.status().in_flight == 0;
        let status = world.drive_until(strategy, fleet_of(&world.sim), settled).await.status();
        assert_eq!((status.succeeded, status.failed), (3, 1));
        let first = ["dev-000001", "dev-000002", "dev-000003", "dev-000004"];
        assert_eq!(world.pushed(), first.map(str::to_owned).into(), "nobody else was touched");
        if on_failure == OnFailure::Cancel {
            assert_eq!(status.cancelled, 36);
        } else {
            assert_eq!(status.hold, Some(Hold::Paused));
        }
    }
}

#[tokio::test]
async fn progressive_goes_back_from_a_bad_canary() {
    let world = World::new(FleetSim::builder(40).version("1.0.0").bad_version("dev-000002", NEW)).await;
    let push = Arc::new(http(&world.clock, Policy::delivery()).verify_within(Duration::ZERO).build().unwrap());
    let canary = Phase::percent(10.0).gate(Gate::success_at_least(95.0)).on_failure(OnFailure::RollBack);
    let plan = Plan::builder(Artifact::from_bytes(payload(5000)))
        .version(NEW)
        .devices(fleet_of(&world.sim))
        .strategy(Strategy::progressive([canary, Phase::percent(100.0)]))
        .rollback(Artifact::from_bytes("what was there before"), "1.0.0");
    let rollout = Rollout::builder(plan.build().unwrap(), push).timer(shared(world.clock.clone()));
    let rollout = rollout.wall(Arc::new(world.clock.clone())).build();
    let report = quietly(&world, rollout.execute()).await.unwrap();
    assert_eq!((report.status.succeeded, report.status.failed, report.status.cancelled), (3, 1, 36));
    let back = report.rollback.unwrap().status;
    assert_eq!((back.state, back.succeeded), (RolloutState::Completed, 4));
    for device in world.sim.addresses() {
        assert_eq!(world.sim.version(&device.id).as_deref(), Some("1.0.0"), "{}", device.id);
    }
    let first = ["dev-000001", "dev-000002", "dev-000003", "dev-000004"];
    assert_eq!(world.pushed(), first.map(str::to_owned).into(), "nobody else was touched");
}

#[tokio::test]
async fn on_connect_pushes_to_each_device_when_it_is_heard_of() {
    let beats = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&beats);
    let builder = FleetSim::builder(12).offline(Devices::all());
    let world =
        World::new(builder.heartbeats(Duration::from_secs(HOUR), move |beat| sink.lock().unwrap().push(beat))).await;
    let rollout = world.rollout(Strategy::on_connect(), fleet_of(&world.sim));
    let handle = rollout.handle();
    let running = tokio::spawn(rollout.execute());
    until(|| handle.status().pending == 12).await;
    let mut before = 0;
    for (pattern, devices) in [("dev-000005", 1), ("dev-00000*", 9), ("dev-*", 12)] {
        world.clock.advance(Duration::from_secs(HOUR));
        assert_eq!(world.pushed().len(), before, "nobody is dialled who was not heard of");
        world.sim.bring_online(pattern).unwrap();
        for beat in beats.lock().unwrap().drain(..) {
            handle.heartbeat(Heartbeat::new(beat.id, world.clock.wall().as_nanos() / 1_000_000));
        }
        quietly(&world, until(|| handle.status().succeeded == devices)).await;
        before = usize::try_from(devices).unwrap();
    }
    let report = quietly(&world, running).await.unwrap().unwrap();
    assert_eq!((report.status.state, report.status.succeeded), (RolloutState::Completed, 12));
    assert_delivered_once(&world.sim);
}

#[tokio::test]
async fn region_pushes_to_those_whose_tags_match() {
    let world = World::new(FleetSim::builder(40)).await;
    let strategy = Strategy::region(Filter::new().tag("region", "eu-*"));
    let status = world.drive(strategy, tagged(&world.sim)).await;
    assert_eq!((status.state, status.succeeded), (RolloutState::Completed, 20));
    for (number, device) in world.sim.addresses().iter().enumerate() {
        let expected = if number % 2 == 0 { NEW } else { "0.0.0" };
        assert_eq!(world.sim.version(&device.id).as_deref(), Some(expected), "{}", device.id);
    }
    assert_eq!(world.sim.report().totals.pushes, 20);
}

#[tokio::test]
async fn a_firmware_upgrade_is_for_devices_below_a_version() {
    let versions = ["1.9.9", "1.10.0", "2.0.0-rc.1", "2.0.0", "2.0.1", "10.0.0"];
    let builder = versions.iter().enumerate().fold(FleetSim::builder(6), |builder, (number, version)| {
        builder.version_of(&*format!("dev-{:06}", number + 1), *version)
    });
    let world = World::new(builder).await;
    let devices = fleet_of(&world.sim).into_iter().map(|mut device| {
        device.firmware_version = world.sim.version(device.id());
        device
    });
    let status = world.drive(Strategy::firmware_upgrade(NEW), devices.collect()).await;
    assert_eq!((status.state, status.succeeded), (RolloutState::Completed, 3));
    let first = ["dev-000001", "dev-000002", "dev-000003"];
    assert_eq!(world.pushed(), first.map(str::to_owned).into());
    assert_eq!(world.sim.version("dev-000006").as_deref(), Some("10.0.0"));
}

#[tokio::test]
async fn of_a_shop_only_one_is_worked_on_at_once() {
    let world = World::new(FleetSim::builder(40).version("1.0.0")).await;
    let strategy = Strategy::immediate().site_cap(SiteCap::new("shop", 1.try_into().unwrap()));
    let status = world.drive(strategy, tagged(&world.sim)).await;
    assert_eq!((status.state, status.succeeded), (RolloutState::Completed, 40));
    assert_delivered_once(&world.sim);
    for (shop, (now, most)) in &*world.most.lock().unwrap() {
        assert_eq!((*now, *most), (0, 1), "{shop}");
    }
}

#[tokio::test]
async fn devices_that_run_the_version_already_are_not_pushed_to() {
    let world = World::new(FleetSim::builder(10).version_of(0.4, NEW)).await;
    let status = world.drive(Strategy::immediate(), fleet_of(&world.sim)).await;
    assert_eq!((status.state, status.succeeded), (RolloutState::Completed, 10));
    assert_eq!(world.sim.report().totals.pushes, 6);
}

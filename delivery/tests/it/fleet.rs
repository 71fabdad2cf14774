//! Whole fleets over real sockets: every device gets the whole payload, and what it received is asked of the devices.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::{ManualClock, shared};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{
    Artifact, Device, DeviceState, FailureClass, HttpPush, Plan, PlanBuilder, Rollout, RolloutState,
};
use steadfast_testkit::{FleetBuilder, FleetSim, Layout, Matcher, Reply, Script};

use crate::support::{Whole, http, run, whole};

fn fleet_of(sim: &FleetSim) -> Vec<Device> {
    sim.addresses().iter().map(|sim| Device::new(sim.id.clone(), &sim.address).unwrap()).collect()
}

/// Payload whose every part is different, so that a cursor in the wrong place shows.
fn payload(len: u32) -> Vec<u8> {
    (0..len).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn plan(artifact: Artifact, sim: &FleetSim, concurrency: usize) -> PlanBuilder {
    Plan::builder(artifact).version("2.0.0").devices(fleet_of(sim)).concurrency(NonZeroUsize::new(concurrency).unwrap())
}

async fn roll_out(artifact: Artifact, sim: &FleetSim, concurrency: usize) -> Whole {
    let push = Arc::new(HttpPush::new().unwrap());
    whole(Rollout::builder(plan(artifact, sim, concurrency).build().unwrap(), push).build()).await
}

async fn five_hundred_devices(sim: FleetBuilder, artifact: Artifact) {
    let sim = sim.start().await.unwrap();
    let bytes = artifact.len();
    let report = roll_out(artifact, &sim, 100).await;
    assert_eq!((report.status.state, report.status.succeeded), (RolloutState::Completed, 500));
    assert_eq!(report.status.bytes_sent, 500 * bytes);
    let received = sim.report();
    assert_eq!((received.totals.pushes, received.totals.accepted, received.totals.digest_ok), (500, 500, 500));
    assert_eq!((received.totals.digest_bad, received.totals.cut, received.totals.pushes_after_success), (0, 0, 0));
    assert!(received.devices.values().all(|device| device.digest_ok == 1), "each device exactly once");
    for outcome in &report.outcomes {
        assert_eq!((outcome.bytes_sent, outcome.attempts), (bytes, 2), "a push and a verification");
        assert_eq!(sim.version(&outcome.device).as_deref(), Some("2.0.0"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_hosts_get_one_kibibyte_each_uncorrupted() {
    five_hundred_devices(FleetSim::builder(500), Artifact::from_bytes(payload(1024))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_hosts_get_one_mebibyte_of_a_file_each_uncorrupted() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), payload(1 << 20)).unwrap();
    five_hundred_devices(FleetSim::builder(500), Artifact::open(file.path()).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_paths_of_one_host_get_one_kibibyte_each_uncorrupted() {
    five_hundred_devices(FleetSim::builder(500).layout(Layout::Paths), Artifact::from_bytes(payload(1024))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_empty_payloads_are_delivered() {
    let sim = FleetSim::builder(1000).start().await.unwrap();
    let report = roll_out(Artifact::from_bytes(""), &sim, 64).await;
    assert_eq!((report.status.succeeded, sim.report().totals.digest_ok), (1000, 1000));
}

#[tokio::test]
async fn the_fleet_of_the_demonstration_ends_as_its_script_says() {
    // 3 % fail once, 1 % never recover, 1 % say "later" once.
    let clock = ManualClock::new();
    let faults = Script::new()
        .when(Matcher::new().path("/update").share_from(0.01, 0.03), 1, Reply::status(503))
        .whenever(Matcher::new().path("/update").share(0.01), Reply::status(500))
        .when(
            Matcher::new().path("/update").share_from(0.04, 0.01),
            1,
            Reply::status(503).header("retry-after", "3600"),
        );
    let sim = FleetSim::builder(200).faults(faults).start().await.unwrap();
    let push = Arc::new(http(&clock, Policy::delivery()).build().unwrap());
    let plan = plan(Artifact::from_bytes(payload(10_000)), &sim, 32).build().unwrap();
    let rollout = Rollout::builder(plan, push).timer(shared(clock.clone())).build();
    let report = run(&clock, whole(rollout)).await;
    assert_eq!((report.status.succeeded, report.status.failed), (198, 2));
    assert_eq!(report.outcomes.iter().map(|outcome| outcome.deferrals).sum::<u32>(), 2);
    let attempts: u32 = report.outcomes.iter().map(|outcome| outcome.attempts).sum();
    assert_eq!(attempts, 200 * 2 + 6 + 2 * 3 - 2 * 2);
    for outcome in report.failures() {
        let failure = outcome.failure.as_ref().unwrap();
        assert_eq!((failure.class, failure.attempts.len()), (FailureClass::ServerError, 3));
        assert_eq!(sim.version(&outcome.device).as_deref(), Some("0.0.0"));
    }
    let received = sim.report().totals;
    assert_eq!((received.accepted, received.pushes_after_success, received.digest_bad), (198, 0, 0));
    assert_eq!(received.pushes, 198 + 6 + 2 + 2 * 3);
}

#[tokio::test]
async fn a_device_that_takes_the_push_but_keeps_its_version_has_failed() {
    let stuck = Matcher::new().path("/version").device("dev-000002");
    let faults = Script::new().whenever(stuck, Reply::status(200).body("1.0.0"));
    let sim = FleetSim::builder(3).faults(faults).start().await.unwrap();
    let push = Arc::new(HttpPush::builder().verify_within(Duration::ZERO).build().unwrap());
    let plan = plan(Artifact::from_bytes("x"), &sim, 3).build().unwrap();
    let report = whole(Rollout::builder(plan, push).build()).await;
    let states: Vec<_> = report.outcomes.iter().map(|outcome| outcome.state).collect();
    assert_eq!(states, [DeviceState::Succeeded, DeviceState::Failed, DeviceState::Succeeded]);
    let failure = report.outcomes[1].failure.as_ref().unwrap();
    assert_eq!(failure.class, FailureClass::VerifyFailed);
    assert_eq!(failure.attempts.len(), 2, "the push is part of the record");
    assert_eq!(sim.report().totals.accepted, 3);
}

#[tokio::test]
async fn a_slow_device_does_not_hold_up_the_others() {
    let clock = ManualClock::new();
    let slow = Matcher::new().path("/update").device("dev-000001");
    let faults = Script::new().whenever(slow, Reply::pass().delay(Duration::from_secs(86_400)));
    let sim = FleetSim::builder(50).faults(faults).timer(shared(clock.clone())).start().await.unwrap();
    let push = Arc::new(http(&clock, Policy::delivery()).build().unwrap());
    let plan = plan(Artifact::from_bytes(payload(1000)), &sim, 4).build().unwrap();
    let rollout = Rollout::builder(plan, push).timer(shared(clock.clone())).build();
    let handle = rollout.handle();
    let running = tokio::spawn(rollout.execute());
    crate::support::until(|| handle.progress().succeeded == 49).await;
    assert_eq!(handle.progress().in_flight(), 1);
    assert_eq!(run(&clock, running).await.unwrap().unwrap().status.succeeded, 50);
}

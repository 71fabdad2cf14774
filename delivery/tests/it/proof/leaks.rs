//! After a rollout nothing of it is left: no task, no connection.

use steadfast_clock::{ManualClock, shared};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{Artifact, HttpPush};
use steadfast_testkit::{FleetSim, Matcher, Reply, Script};
use tokio::runtime::Handle;

use super::{Trip, end, fleet_of, payload};
use crate::support::{http, until};

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

#[tokio::test]
async fn a_rollout_that_ended_leaves_nothing() {
    let script = Script::new()
        .when(Matcher::new().path("/update").share(0.1), 1, Reply::status(503).header("retry-after", "0"))
        .whenever(Matcher::new().path("/update").share_from(0.1, 0.1), Reply::status(404))
        .whenever(Matcher::new().path("/version").share_from(0.2, 0.1), Reply::reset());
    let sim = FleetSim::builder(200).faults(script).start().await.unwrap();
    let before = tasks();
    let push = HttpPush::builder().retry(Policy::disabled()).verify_within(std::time::Duration::ZERO).build().unwrap();
    let told = Trip::new(Artifact::from_bytes(payload(20_000)), push, fleet_of(&sim)).make().await;
    assert_eq!((told.status.succeeded, told.status.failed), (160, 40));
    drop(told);
    until(|| sim.open_connections() == 0 && tasks() <= before).await;
}

#[tokio::test]
async fn a_rollout_that_was_dropped_leaves_nothing() {
    let clock = ManualClock::new();
    let script = Script::new().whenever(Matcher::new().path("/update"), Reply::never());
    let sim = FleetSim::builder(50).faults(script).start().await.unwrap();
    let before = tasks();
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let trip = Trip::new(Artifact::from_bytes(payload(20_000)), push, fleet_of(&sim)).concurrency(20);
    let running = tokio::spawn(end(trip.builder().timer(shared(clock.clone())).build()));
    until(|| sim.report().totals.digest_ok == 20).await;
    assert!(tasks() > before && sim.open_connections() >= 20);
    running.abort();
    until(|| sim.open_connections() == 0 && tasks() <= before).await;
}

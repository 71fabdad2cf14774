//! Devices that boot what they took: they are waited for, without a worker, and asked what they run.

use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, shared};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{Artifact, FailureClass, Stage};
use steadfast_testkit::{FleetSim, Reply};

use super::{Trip, assert_delivered_once, fleet_of, payload};
use crate::support::http;

async fn boots(rebooting: Reply) {
    let clock = ManualClock::new();
    let lasts = Duration::from_secs(90);
    let sim = FleetSim::builder(60).version("1.0.0").reboot(lasts).rebooting(rebooting).timer(shared(clock.clone()));
    let sim = sim.start().await.unwrap();
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let start = clock.now();
    let trip = Trip::new(Artifact::from_bytes(payload(3000)), push, fleet_of(&sim)).concurrency(2);
    trip.make_on(&clock).await.assert_completed(60);
    assert_delivered_once(&sim);
    let took = clock.now().since(start).as_secs();
    assert!((90..600).contains(&took), "sixty devices that boot two at a time took {took} s, not an hour");
}

#[tokio::test]
async fn a_fleet_that_boots_without_a_word_is_waited_for() {
    boots(Reply::reset()).await;
}

#[tokio::test]
async fn a_fleet_that_says_that_it_boots_is_waited_for() {
    boots(Reply::status(503)).await;
}

#[tokio::test]
async fn devices_that_boot_in_vain_fail_and_cost_the_others_nothing() {
    let clock = ManualClock::new();
    let sim = FleetSim::builder(30).version("1.0.0").bad_version(0.1, super::NEW).reboot(Duration::from_secs(30));
    let sim = sim.timer(shared(clock.clone())).start().await.unwrap();
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let told = Trip::new(Artifact::from_bytes("firmware"), push, fleet_of(&sim)).make_on(&clock).await;
    assert_eq!((told.status.succeeded, told.status.failed), (27, 3));
    for (device, failure) in told.failures {
        assert_eq!((failure.stage, failure.class), (Stage::Verifying, FailureClass::VerifyFailed), "{device}");
        assert!(failure.message.contains("1.0.0"), "{failure}");
    }
    assert_eq!(sim.report().totals.pushes_after_success, 0);
}

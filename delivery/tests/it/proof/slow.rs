//! Slow networks, and payloads of nothing and of much.

use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, shared};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{Artifact, HttpPush};
use steadfast_testkit::{FleetSim, Matcher, Reply, Script};

use super::{Trip, assert_delivered_once, fleet_of, payload};
use crate::support::http;

#[tokio::test]
async fn a_slow_network_gets_everything_in_its_own_time() {
    let clock = ManualClock::new();
    // A satellite link of 1200 bytes a second for half of them.
    let slow = Matcher::new().path("/update").share(0.5);
    let script = Script::new().whenever(slow, Reply::pass().slow_read(1200));
    let sim = FleetSim::builder(20).faults(script).timer(shared(clock.clone())).start().await.unwrap();
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let start = clock.now();
    let trip = Trip::new(Artifact::from_bytes(payload(120_000)), push, fleet_of(&sim)).concurrency(20);
    trip.make_on(&clock).await.assert_completed(20);
    assert_delivered_once(&sim);
    assert!(clock.now().since(start) >= Duration::from_secs(100));
}

#[tokio::test]
async fn a_slow_answer_is_waited_for() {
    let clock = ManualClock::new();
    let script = Script::new()
        .whenever(Matcher::new().path("/update"), Reply::pass().delay(Duration::from_secs(20)))
        .whenever(Matcher::new().path("/version"), Reply::pass().drip(Duration::from_millis(100)));
    let sim = FleetSim::builder(5).faults(script).timer(shared(clock.clone())).start().await.unwrap();
    let push = http(&clock, Policy::delivery()).build().unwrap();
    Trip::new(Artifact::from_bytes("x"), push, fleet_of(&sim)).make_on(&clock).await.assert_completed(5);
    assert_delivered_once(&sim);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payload_of_nothing_is_delivered() {
    let sim = FleetSim::builder(100).start().await.unwrap();
    let told = Trip::new(Artifact::from_bytes(""), HttpPush::new().unwrap(), fleet_of(&sim)).make().await;
    told.assert_completed(100);
    assert_delivered_once(&sim);
    assert_eq!(told.status.bytes_sent, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payload_of_a_hundred_megabytes_is_delivered() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let piece = payload(1_000_000);
    let mut whole = std::fs::File::create(file.path()).unwrap();
    for _ in 0..100 {
        std::io::Write::write_all(&mut whole, &piece).unwrap();
    }
    let artifact = Artifact::open(file.path()).await.unwrap();
    assert_eq!(artifact.len(), 100_000_000);
    let sim = FleetSim::builder(3).start().await.unwrap();
    let told = Trip::new(artifact, HttpPush::new().unwrap(), fleet_of(&sim)).make().await;
    told.assert_completed(3);
    assert_delivered_once(&sim);
    assert_eq!(told.status.bytes_sent, 300_000_000);
}

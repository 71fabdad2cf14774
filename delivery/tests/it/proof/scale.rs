//! Many devices: nobody is forgotten, and nobody is visited twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use steadfast_delivery::{Artifact, Device, HttpPush, Push, PushContext, PushError, Pushed, Verified};
use steadfast_testkit::FleetSim;

use super::{Trip, assert_delivered_once, fleet_of, payload};

/// A push that does nothing but count its visits.
struct Visits(Arc<Vec<AtomicU32>>);

#[async_trait]
impl Push for Visits {
    async fn push(&self, context: &PushContext, device: &Device, _: &Artifact) -> Result<Pushed, PushError> {
        context.attempt_began();
        let number: usize = device.id()[1..].parse().unwrap();
        self.0[number].fetch_add(1, Ordering::Relaxed);
        Ok(Pushed::default())
    }

    async fn verify(&self, _: &PushContext, _: &Device, expected: &str) -> Result<Verified, PushError> {
        Ok(Verified::new(Some(expected.to_owned()), Vec::new()))
    }
}

async fn no_op(devices: usize) {
    let visits: Arc<Vec<_>> = Arc::new((0..devices).map(|_| AtomicU32::new(0)).collect());
    let fleet = (0..devices).map(|number| Device::new(format!("d{number}"), "http://127.0.0.1:9").unwrap()).collect();
    let trip = Trip::new(Artifact::from_bytes("x"), Visits(Arc::clone(&visits)), fleet).concurrency(256);
    trip.make().await.assert_completed(devices as u64);
    assert!(visits.iter().all(|visits| visits.load(Ordering::Relaxed) == 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_devices_are_visited_once_each() {
    no_op(1000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_devices_are_visited_once_each() {
    no_op(10_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_devices_are_visited_once_each() {
    no_op(100_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_hosts_get_one_whole_body_each() {
    let sim = FleetSim::builder(1000).start().await.unwrap();
    let trip = Trip::new(Artifact::from_bytes(payload(1024)), HttpPush::new().unwrap(), fleet_of(&sim));
    trip.concurrency(64).make().await.assert_completed(1000);
    assert_delivered_once(&sim);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_hosts_get_one_whole_body_each() {
    let sim = FleetSim::builder(10_000).start().await.unwrap();
    let trip = Trip::new(
        Artifact::from_bytes(payload(1024)),
        HttpPush::builder().without_verify().build().unwrap(),
        fleet_of(&sim),
    );
    trip.concurrency(64).make().await.assert_completed(10_000);
    assert_delivered_once(&sim);
}

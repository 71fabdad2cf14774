//! Devices that misbehave, each in its own way: each costs only itself, and is told in one line.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::pool::Tls;
use steadfast_delivery::{Artifact, FailureClass, HttpPush, RolloutState};
use steadfast_testkit::{Authority, FleetSim, FleetTls, Layout, Matcher, Reply, Script};

use super::{NEW, Told, Trip, fleet_of, payload};

/// The class of each device's failure; every failure is one short line.
fn classes(told: &Told) -> BTreeMap<&str, FailureClass> {
    for (device, failure) in &told.failures {
        let line = failure.to_string();
        assert!(!line.contains('\n') && line.len() < 300, "{device}: {line}");
    }
    told.failures.iter().map(|(device, failure)| (&**device, failure.class)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_misbehaviour_costs_its_own_device_alone() {
    let elsewhere = FleetSim::builder(1).layout(Layout::Paths).start().await.unwrap();
    let update = |id: &str| Matcher::new().path("/update").device(id);
    let version = |id: &str| Matcher::new().path("/version").device(id);
    let garbage = vec![0xff_u8; 4096];
    let script = Script::new()
        .whenever(update("dev-000001"), Reply::never())
        .whenever(update("dev-000002"), Reply::raw(garbage))
        .whenever(
            update("dev-000003"),
            Reply::status(307).header("location", format!("{}/d/dev-000001/update", elsewhere.url())),
        )
        .whenever(update("dev-000004"), Reply::status(200).body("accepted").truncate_after(3))
        .whenever(update("dev-000005"), Reply::close())
        .whenever(update("dev-000006"), Reply::status(413).early())
        .whenever(update("dev-000007"), Reply::status(401).early().hang_up())
        .whenever(update("dev-000008"), Reply::status(200).endless(Bytes::from(vec![b'x'; 1024])))
        .whenever(version("dev-000009"), Reply::status(200).body(vec![0xfe; 100]))
        .whenever(version("dev-000010"), Reply::status(200).body(vec![b'9'; 1 << 20]))
        .whenever(update("dev-000011"), Reply::status(500))
        .whenever(update("dev-000012"), Reply::reset());
    let sim = FleetSim::builder(40).layout(Layout::Hosts).faults(script).start().await.unwrap();
    let push = HttpPush::builder()
        .retry(Policy::disabled())
        .answer_within(Duration::from_millis(500))
        .verify_within(Duration::ZERO)
        .build()
        .unwrap();
    let told = Trip::new(Artifact::from_bytes(payload(300_000)), push, fleet_of(&sim)).concurrency(8).make().await;
    assert_eq!((told.status.state, told.status.succeeded, told.status.failed), (RolloutState::Failed, 28, 12));
    let classes = classes(&told);
    let rejected = ["dev-000003", "dev-000006", "dev-000007"];
    for id in rejected {
        assert_eq!(classes[id], FailureClass::Rejected, "{id}");
    }
    assert_eq!(classes["dev-000001"], FailureClass::TimedOut);
    assert_eq!(classes["dev-000002"], FailureClass::ServerError);
    assert_eq!(classes["dev-000011"], FailureClass::ServerError);
    assert_eq!(classes["dev-000005"], FailureClass::Cut);
    assert_eq!(classes["dev-000012"], FailureClass::Cut);
    assert_eq!(classes["dev-000009"], FailureClass::VerifyFailed);
    assert_eq!(classes["dev-000010"], FailureClass::ServerError, "a version of a mebibyte");
    // Nobody was led elsewhere, and whoever succeeded runs what was pushed.
    assert_eq!((elsewhere.report().totals.pushes, elsewhere.connections()), (0, 0));
    for number in 13..=40 {
        assert_eq!(sim.version(&format!("dev-{number:06}")).as_deref(), Some(NEW));
    }
    assert_eq!(sim.report().totals.pushes_after_success, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_certificate_costs_its_own_device_alone() {
    let authority = Arc::new(Authority::new().unwrap());
    let trusted = Tls::new().add_root_pem(authority.root_pem().as_bytes()).unwrap();
    let tls = FleetTls::new(authority).unwrap();
    let tls = tls.expired("dev-000001").misnamed("dev-000002").untrusted("dev-000003");
    let sim = FleetSim::builder(20).layout(Layout::Hosts).tls(tls).start().await.unwrap();
    let push = HttpPush::builder().tls(trusted).retry(Policy::disabled()).build().unwrap();
    let told = Trip::new(Artifact::from_bytes(payload(10_000)), push, fleet_of(&sim)).make().await;
    assert_eq!((told.status.succeeded, told.status.failed), (17, 3));
    let classes = classes(&told);
    assert_eq!(classes.keys().copied().collect::<Vec<_>>(), ["dev-000001", "dev-000002", "dev-000003"]);
    assert!(classes.values().all(|class| *class == FailureClass::Tls), "{classes:?}");
    let report = sim.report();
    assert!(classes.keys().all(|id| report.devices[*id].pushes == 0), "nothing was said to them");
    assert_eq!((report.totals.accepted, report.totals.digest_ok), (17, 17));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_that_are_away_are_told_as_unreachable() {
    let sim = FleetSim::builder(20).layout(Layout::Hosts).offline(0.25).start().await.unwrap();
    let push = HttpPush::builder().retry(Policy::disabled()).without_host_breaker().build().unwrap();
    // The inventory knows nothing of who is online.
    let devices = fleet_of(&sim).into_iter().map(|mut device| {
        device.status = steadfast_delivery::DeviceStatus::Unknown;
        device
    });
    let told = Trip::new(Artifact::from_bytes("firmware"), push, devices.collect()).make().await;
    assert_eq!((told.status.succeeded, told.status.failed), (15, 5));
    assert!(classes(&told).values().all(|class| *class == FailureClass::Unreachable));
}

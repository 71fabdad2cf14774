//! What was measured to go wrong in an orchestrator that this one set out to replace, each as a test.
//!
//! One payload cursor for all devices, and a configuration that sends nothing, have theirs beside the fleets and pushes
//! that they are about, too (`fleet.rs`, `push.rs`).

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use steadfast_clock::{Clock, ManualClock, shared};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{Artifact, EventKind, FailureClass, HttpPush, RolloutState, Stage};
use steadfast_testkit::{FleetBuilder, FleetEvent, FleetSim, Layout, Matcher, Reply, Script};

use super::{NEW, Trip, assert_delivered_once, fleet_of, payload};
use crate::support::{Memory, http, run, until};

/// Of 500 devices, 100 at once, 214 bodies of 1 KiB and 290 of 1 MiB were corrupt, and all 500 were called completed.
async fn no_cursor_is_shared(sim: FleetBuilder, artifact: Artifact) {
    let sim = sim.start().await.unwrap();
    let bytes = artifact.len();
    let told = Trip::new(artifact, HttpPush::new().unwrap(), fleet_of(&sim)).concurrency(100).make().await;
    told.assert_completed(500);
    assert_delivered_once(&sim);
    assert_eq!((sim.report().totals.pushes, told.status.bytes_sent), (500, 500 * bytes));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_cursor_is_shared_by_devices_at_one_kibibyte() {
    no_cursor_is_shared(FleetSim::builder(500), Artifact::from_bytes(payload(1024))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_cursor_is_shared_by_devices_at_one_mebibyte() {
    no_cursor_is_shared(FleetSim::builder(500), Artifact::from_bytes(payload(1 << 20))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_cursor_of_a_file_is_shared_by_devices() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), payload(1 << 20)).unwrap();
    no_cursor_is_shared(FleetSim::builder(500), Artifact::open(file.path()).await.unwrap()).await;
}

/// The documented custom configuration sent no request at all and reported success.
#[tokio::test]
async fn a_custom_configuration_sends_every_request() {
    let script = Script::new().whenever(Matcher::new().path("/update").header("x-site", "hamburg"), Reply::pass());
    let script = script.whenever(Matcher::new().path("/update"), Reply::status(400));
    let sim = FleetSim::builder(50).json_version("/fw/version").json_digest("/fw/sha256").faults(script);
    let sim = sim.start().await.unwrap();
    let push = HttpPush::builder()
        .header(HeaderName::from_static("x-site"), HeaderValue::from_static("hamburg"))
        .version_pointer("/fw/version")
        .digest_pointer("/fw/sha256")
        .no_progress(Duration::from_secs(20))
        .answer_within(Duration::from_secs(20))
        .retry(Policy::delivery().with_attempts(7).unwrap())
        .build()
        .unwrap();
    Trip::new(Artifact::from_bytes(payload(5000)), push, fleet_of(&sim)).make().await.assert_completed(50);
    assert_delivered_once(&sim);
    assert_eq!(sim.report().totals.pushes, 50);
}

/// A payload that could not be rewound was accepted on the second attempt with 0 of 100,000 bytes, as a success.
#[tokio::test]
async fn a_retry_sends_the_payload_from_its_first_byte() {
    let clock = ManualClock::new();
    let update = || Matcher::new().path("/update");
    let script = Script::new().when(update(), 1, Reply::status(503)).when(update(), 1, Reply::reset());
    let sim = FleetSim::builder(40).faults(script).start().await.unwrap();
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let told = Trip::new(Artifact::from_bytes(payload(100_000)), push, fleet_of(&sim)).make_on(&clock).await;
    told.assert_completed(40);
    assert_delivered_once(&sim);
    let totals = sim.report().totals;
    assert_eq!((totals.pushes, totals.digest_ok), (120, 120));
}

/// 863 of 1,000 devices were done when the end was told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_is_told_after_the_last_device() {
    let sim = FleetSim::builder(1000).start().await.unwrap();
    let memory = Memory::default();
    let trip = Trip::new(Artifact::from_bytes(payload(1024)), HttpPush::new().unwrap(), fleet_of(&sim));
    trip.concurrency(100).observer(&memory).make().await.assert_completed(1000);
    let events = memory.events();
    let ends: Vec<_> = (0..events.len()).filter(|at| matches!(events[*at].kind, EventKind::Finished { .. })).collect();
    assert_eq!(ends, [events.len() - 1]);
    let done: HashSet<_> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Device { device, to, .. } if to.is_final() => Some(device.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(done.len(), 1000);
}

/// Verification was never called.
#[tokio::test]
async fn a_device_that_took_the_payload_and_does_not_run_it_has_failed() {
    let clock = ManualClock::new();
    let sim = FleetSim::builder(50).version("1.0.0").bad(0.2).start().await.unwrap();
    let push = http(&clock, Policy::delivery()).verify_within(Duration::from_secs(60)).build().unwrap();
    let told = Trip::new(Artifact::from_bytes("firmware"), push, fleet_of(&sim)).make_on(&clock).await;
    assert_eq!((told.status.state, told.status.succeeded, told.status.failed), (RolloutState::Failed, 40, 10));
    for (device, failure) in &told.failures {
        assert_eq!((failure.stage, failure.class), (Stage::Verifying, FailureClass::VerifyFailed), "{device}");
        assert_eq!(sim.version(device).as_deref(), Some("1.0.0"));
    }
    let totals = sim.report().totals;
    assert_eq!((totals.accepted, totals.digest_ok, totals.pushes_after_success), (50, 50, 0));
}

/// Cancelling did nothing.
#[tokio::test]
async fn cancelling_stops_what_is_on_its_way_and_starts_nothing() {
    let clock = ManualClock::new();
    let script = Script::new().whenever(Matcher::new().path("/update"), Reply::pass().slow_read(5_000_000));
    let sim = FleetSim::builder(50).faults(script).timer(shared(clock.clone())).start().await.unwrap();
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let trip = Trip::new(Artifact::from_bytes(payload(32 << 20)), push, fleet_of(&sim)).concurrency(4);
    let rollout = trip.builder().timer(shared(clock.clone())).build();
    let handle = rollout.handle();
    let running = tokio::spawn(super::end(rollout));
    until(|| sim.report().totals.pushes == 4).await;
    handle.cancel();
    let told = running.await.unwrap();
    assert_eq!((told.status.state, told.status.cancelled), (RolloutState::Cancelled, 50));
    run(&clock, until(|| sim.open_connections() == 0)).await;
    let totals = sim.report().totals;
    assert_eq!((totals.pushes, totals.accepted, totals.digest_ok), (4, 0, 0));
}

/// The figure in the headline was of one URL, over connections that were kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_device_is_a_host_of_its_own() {
    let sim = FleetSim::builder(300).layout(Layout::Hosts).start().await.unwrap();
    let push = HttpPush::builder().keep_alive(true).build().unwrap();
    Trip::new(Artifact::from_bytes(payload(1024)), push, fleet_of(&sim)).make().await.assert_completed(300);
    assert_delivered_once(&sim);
    assert!(sim.connections() >= 300, "{} connections to 300 hosts", sim.connections());
}

/// Five times 503, then 200: six requests, after 1, 2, 4, 8 and 16 seconds, for each device of a fleet.
#[tokio::test]
async fn a_storm_of_retries_takes_six_requests_and_thirty_one_seconds() {
    let clock = ManualClock::new();
    let script = Script::new().when(Matcher::new().path("/update"), 5, Reply::status(503));
    let begun = Arc::new(Mutex::new(Vec::new()));
    let (sink, time) = (Arc::clone(&begun), clock.clone());
    let watcher = move |event: &FleetEvent<'_>| {
        if let FleetEvent::PushBegun { id, .. } = event {
            sink.lock().unwrap().push(((*id).to_owned(), time.now()));
        }
    };
    let sim = FleetSim::builder(1).faults(script).watch(watcher).start().await.unwrap();
    let push = http(&clock, Policy::delivery().with_attempts(6).unwrap()).build().unwrap();
    let told = Trip::new(Artifact::from_bytes("firmware"), push, fleet_of(&sim)).make_on(&clock).await;
    told.assert_completed(1);
    assert_delivered_once(&sim);
    let begun = begun.lock().unwrap();
    let gaps: Vec<_> = begun.windows(2).map(|pair| pair[1].1.since(pair[0].1).as_secs()).collect();
    assert_eq!(gaps, [1, 2, 4, 8, 16]);
    assert_eq!(sim.version("dev-000001").as_deref(), Some(NEW));
}
